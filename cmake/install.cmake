# `cmake --install build/release --prefix DIR` puts there bin/sbert, libexec/sbert/sbert-torch, the libraries with their
# public headers, and the package that find_package(sbert) reads.
include(CMakePackageConfigHelpers)
get_directory_property(core_modules DIRECTORY sbert DEFINITION core_modules)
get_directory_property(torch_modules DIRECTORY sbert DEFINITION torch_modules)
set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/sbert")

# sbert_export(target NAME name EXPORT set MODULES ...): what a user of the library links, with all of these modules.
function(sbert_export target)
    cmake_parse_arguments(arg "" "NAME;EXPORT" "MODULES" ${ARGN})
    list(TRANSFORM arg_MODULES PREPEND sbert_)
    add_library(${target} INTERFACE)
    set_target_properties(${target} PROPERTIES EXPORT_NAME ${arg_NAME})
    target_link_libraries(${target} INTERFACE ${arg_MODULES})
    install(TARGETS ${target} ${arg_MODULES} EXPORT ${arg_EXPORT} ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
    install(EXPORT ${arg_EXPORT} NAMESPACE sbert:: DESTINATION "${package_folder}")
endfunction()

sbert_export(sbert_library NAME sbert EXPORT sbertTargets MODULES ${core_modules})
if(SBERT_TORCH)
    sbert_export(sbert_training NAME train EXPORT sbertTrainTargets MODULES ${torch_modules})
    install(FILES "${PROJECT_SOURCE_DIR}/cmake/torch.cmake" DESTINATION "${package_folder}")
    if(TARGET sbert_nccl)
        install(TARGETS sbert_nccl LIBRARY DESTINATION libexec/sbert OPTIONAL) # if it was built
    endif()
endif()
install(DIRECTORY "${PROJECT_SOURCE_DIR}/conf" DESTINATION "${CMAKE_INSTALL_DATADIR}/sbert")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")

configure_package_config_file(
    "${PROJECT_SOURCE_DIR}/cmake/sbertConfig.cmake.in"
    "${PROJECT_BINARY_DIR}/sbertConfig.cmake"
    INSTALL_DESTINATION "${package_folder}"
)
write_basic_package_version_file(
    "${PROJECT_BINARY_DIR}/sbertConfigVersion.cmake"
    COMPATIBILITY SameMinorVersion
)
install(
    FILES
        "${PROJECT_BINARY_DIR}/sbertConfig.cmake"
        "${PROJECT_BINARY_DIR}/sbertConfigVersion.cmake"
    DESTINATION "${package_folder}"
)

if(BUILD_TESTING)
    add_test(
        NAME install
        COMMAND
            ${CMAKE_COMMAND} -DBUILD=${PROJECT_BINARY_DIR} -DSOURCE=${PROJECT_SOURCE_DIR}
            -DGENERATOR=${CMAKE_GENERATOR} -DCOMPILER=${CMAKE_CXX_COMPILER} -DFLAGS=${CMAKE_CXX_FLAGS}
            -DTORCH=${SBERT_TORCH} -P "${PROJECT_SOURCE_DIR}/cmake/install_test.cmake"
    )
    set_tests_properties(install PROPERTIES TIMEOUT 300 ENVIRONMENT "ASAN_OPTIONS=detect_leaks=0:detect_odr_violation=0")
endif()
