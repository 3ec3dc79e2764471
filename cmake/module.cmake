add_library(sbert_warnings INTERFACE)
target_compile_options(
    sbert_warnings
    INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wnon-virtual-dtor -Werror
        # A designated initializer leaves the other members to their defaults on purpose.
        -Wno-missing-field-initializers
        # GCC 12 sees overlaps inside std::string that are not there (GCC bug 105651).
        $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
)

# Tests are compiled for a quick build: what they test is compiled as it is shipped.
# At -O1 GCC 12 sees writes beyond the end of a std::string that are not there.
add_library(sbert_test_flags INTERFACE)
target_compile_options(sbert_test_flags INTERFACE -O1 -g0 "$<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds;-Wno-stringop-overflow>")

# sbert_precompiled_header(NAME LIBRARIES ... HEADERS ...): an object library that owns a precompiled header. Parsing
# ATen's headers takes ten seconds a file, loading the precompiled header one; a file that needs neither pays nothing.
function(sbert_precompiled_header name)
    cmake_parse_arguments(arg "" "" "LIBRARIES;HEADERS" ${ARGN})
    file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/${name}.cpp" CONTENT "// Owns the precompiled header.\n")
    add_library(${name} OBJECT EXCLUDE_FROM_ALL "${CMAKE_BINARY_DIR}/${name}.cpp")
    target_link_libraries(${name} PRIVATE ${arg_LIBRARIES})
    target_precompile_headers(${name} PRIVATE ${arg_HEADERS})
endfunction()

if(SBERT_TORCH)
    sbert_precompiled_header(sbert_torch_pch LIBRARIES torch::torch_cpu HEADERS <ATen/ATen.h>)
endif()
if(BUILD_TESTING)
    sbert_precompiled_header(sbert_test_pch LIBRARIES GTest::gmock sbert_test_flags HEADERS <gmock/gmock.h>)
    if(SBERT_TORCH)
        sbert_precompiled_header(
            sbert_torch_test_pch
            LIBRARIES torch::torch_cpu GTest::gmock sbert_test_flags
            HEADERS <ATen/ATen.h> <gmock/gmock.h>
        )
    endif()
endif()

# sbert_test(name PCH target SOURCES a_test.cpp LIBRARIES ...): one test program and its ctest.
function(sbert_test name)
    cmake_parse_arguments(arg "" "PCH" "SOURCES;LIBRARIES" ${ARGN})
    add_executable(${name}_test ${arg_SOURCES})
    target_link_libraries(
        ${name}_test
        PRIVATE ${arg_LIBRARIES} GTest::gmock GTest::gtest_main sbert_test_flags sbert_warnings
    )
    target_compile_definitions(
        ${name}_test
        PRIVATE SBERT_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data" SBERT_GOLDEN="${PROJECT_SOURCE_DIR}/tests/golden"
    )
    target_precompile_headers(${name}_test REUSE_FROM ${arg_PCH})
    add_test(NAME ${name} COMMAND ${name}_test --gtest_brief=1)
    # torch's own threads and ours share two cores in CI.
    set_tests_properties(${name} PROPERTIES TIMEOUT 1200 ENVIRONMENT "OMP_WAIT_POLICY=passive;ASAN_OPTIONS=detect_leaks=0:detect_odr_violation=0")
endfunction()

# sbert_module(name [INTERNAL] [PUBLIC a.h] SOURCES a.cpp [TORCH_SOURCES b.cpp] [DEPENDS base config] [LIBRARIES yaml-cpp]
#              [TESTS a_test.cpp] [TORCH_TESTS b_test.cpp])
# A folder of sbert/ is a static library and, where it has tests, one test program. TORCH_SOURCES include torch's
# operators and are compiled with its precompiled header. A module with TORCH_SOURCES or TORCH_TESTS needs libtorch.
# PUBLIC headers are installed, others are not; what they include must be public too. A module that is INTERNAL is the
# programs' own and not installed at all.
function(sbert_module name)
    cmake_parse_arguments(arg "INTERNAL" "" "PUBLIC;SOURCES;TORCH_SOURCES;DEPENDS;LIBRARIES;TESTS;TORCH_TESTS" ${ARGN})
    add_library(sbert_${name} STATIC ${arg_SOURCES} ${arg_TORCH_SOURCES})
    set_target_properties(sbert_${name} PROPERTIES EXPORT_NAME module_${name})
    target_include_directories(
        sbert_${name}
        PUBLIC
            "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>"
            "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>"
    )
    target_compile_features(sbert_${name} PUBLIC cxx_std_20)
    list(TRANSFORM arg_DEPENDS PREPEND sbert_)
    target_link_libraries(
        sbert_${name}
        PUBLIC ${arg_DEPENDS}
        PRIVATE ${arg_LIBRARIES} "$<BUILD_INTERFACE:sbert_warnings>"
    )
    if(arg_TORCH_SOURCES)
        target_link_libraries(sbert_${name} PUBLIC torch::torch_cpu)
        target_precompile_headers(sbert_${name} REUSE_FROM sbert_torch_pch)
        set_source_files_properties(${arg_SOURCES} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
    endif()
    if(NOT arg_INTERNAL)
        set_property(GLOBAL APPEND PROPERTY SBERT_MODULES ${name})
        foreach(header IN LISTS arg_PUBLIC)
            set_property(GLOBAL APPEND PROPERTY SBERT_PUBLIC_HEADERS "sbert/${name}/${header}")
            cmake_path(GET header PARENT_PATH folder)
            install(FILES ${header} DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/sbert/${name}/${folder}")
        endforeach()
    endif()

    if(NOT BUILD_TESTING OR NOT (arg_TESTS OR arg_TORCH_TESTS))
        return()
    endif()
    if(arg_TORCH_TESTS)
        sbert_test(
            ${name} PCH sbert_torch_test_pch SOURCES ${arg_TESTS} ${arg_TORCH_TESTS}
            LIBRARIES sbert_${name} ${arg_LIBRARIES}
        )
        set_source_files_properties(${arg_TESTS} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
    else()
        sbert_test(${name} PCH sbert_test_pch SOURCES ${arg_TESTS} LIBRARIES sbert_${name} ${arg_LIBRARIES})
    endif()
endfunction()

# sbert_program(name FOLDER bin SOURCES main.cpp [TORCH_SOURCES b.cpp] DEPENDS cli ...)
# A program, in that folder of the build tree and of the installation. It finds shared objects that lie beside it.
function(sbert_program name)
    cmake_parse_arguments(arg "" "FOLDER" "SOURCES;TORCH_SOURCES;DEPENDS" ${ARGN})
    add_executable(${name} ${arg_SOURCES} ${arg_TORCH_SOURCES})
    list(TRANSFORM arg_DEPENDS PREPEND sbert_)
    target_link_libraries(${name} PRIVATE ${arg_DEPENDS} sbert_warnings)
    target_link_options(${name} PRIVATE LINKER:--compress-debug-sections=zlib)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/${arg_FOLDER}")
    if(arg_TORCH_SOURCES)
        # DT_RPATH: see torch.cmake. The same in the build tree, since CMake fills up another one with colons, and the
        # empty entries between them are the current folder.
        set_target_properties(
            ${name}
            PROPERTIES INSTALL_RPATH "${TORCH_DIR}/lib;$ORIGIN" BUILD_WITH_INSTALL_RPATH ON
        )
        target_precompile_headers(${name} REUSE_FROM sbert_torch_pch)
        set_source_files_properties(${arg_SOURCES} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
    endif()
    install(TARGETS ${name} RUNTIME DESTINATION "${arg_FOLDER}")
endfunction()
