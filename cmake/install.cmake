# `cmake --install build/release --prefix DIR` puts there bin/sbert, the libraries with their headers, and the package
# that find_package(sbert) reads.
include(CMakePackageConfigHelpers)

get_property(modules GLOBAL PROPERTY SBERT_MODULES)

# What a user of the library links; the other rooms follow from it.
add_library(sbert_all INTERFACE)
set_target_properties(sbert_all PROPERTIES EXPORT_NAME sbert)
target_link_libraries(sbert_all INTERFACE sbert_checkpoint sbert_embed sbert_search sbert_eval sbert_train)

# DT_RPATH, as in the build tree: see torch.cmake.
set_target_properties(sbert PROPERTIES INSTALL_RPATH "${TORCH_DIR}/lib;$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
if(TARGET sbert_nccl)
    install(TARGETS sbert_nccl LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
endif()
install(TARGETS sbert RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(
    TARGETS sbert_all ${modules}
    EXPORT sbertTargets
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
)
# Not the headers of the commands, of the kernels, of tests, and those that show a library which stays private.
install(
    DIRECTORY "${PROJECT_SOURCE_DIR}/sbert/"
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/sbert"
    FILES_MATCHING
    PATTERN "*.h"
    PATTERN "cli" EXCLUDE
    PATTERN "kernels" EXCLUDE
    PATTERN "golden_lines.h" EXCLUDE
    PATTERN "nccl_plugin.h" EXCLUDE
    PATTERN "message_of.h" EXCLUDE
    PATTERN "model_json.h" EXCLUDE
    PATTERN "json_fields.h" EXCLUDE
    PATTERN "test_files.h" EXCLUDE
    PATTERN "test_variables.h" EXCLUDE
    PATTERN "test_wandb_log.h" EXCLUDE
    PATTERN "test_xml.h" EXCLUDE
)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/conf" DESTINATION "${CMAKE_INSTALL_DATADIR}/sbert")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")

set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/sbert")
install(EXPORT sbertTargets NAMESPACE sbert:: DESTINATION "${package_folder}")
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
        "${PROJECT_SOURCE_DIR}/cmake/torch.cmake"
    DESTINATION "${package_folder}"
)

if(BUILD_TESTING)
    add_test(
        NAME install
        COMMAND
            ${CMAKE_COMMAND} -DBUILD=${PROJECT_BINARY_DIR} -DSOURCE=${PROJECT_SOURCE_DIR}
            -DGENERATOR=${CMAKE_GENERATOR} -DCOMPILER=${CMAKE_CXX_COMPILER} -DFLAGS=${CMAKE_CXX_FLAGS}
            -P "${PROJECT_SOURCE_DIR}/cmake/install_test.cmake"
    )
    set_tests_properties(install PROPERTIES TIMEOUT 300 ENVIRONMENT "ASAN_OPTIONS=detect_leaks=0:detect_odr_violation=0")
endif()
