add_library(sbert_warnings INTERFACE)
target_compile_options(
    sbert_warnings
    INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wnon-virtual-dtor -Werror
        # A designated initializer leaves the other members to their defaults on purpose.
        -Wno-missing-field-initializers
        # GCC 12 sees overlaps inside std::string that are not there (GCC bug 105651).
        $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
)

# Compiling torch's headers takes ten seconds a file; from this precompiled header, half a second.
file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/torch_pch.cpp" CONTENT "// Owns the precompiled header.\n")
add_library(sbert_torch_pch OBJECT "${CMAKE_BINARY_DIR}/torch_pch.cpp")
target_link_libraries(sbert_torch_pch PRIVATE torch::torch_cpu)
target_precompile_headers(
    sbert_torch_pch
    PRIVATE <ATen/ATen.h> <torch/csrc/autograd/custom_function.h>
)
if(BUILD_TESTING)
    add_library(sbert_torch_test_pch OBJECT "${CMAKE_BINARY_DIR}/torch_pch.cpp")
    target_link_libraries(sbert_torch_test_pch PRIVATE torch::torch_cpu GTest::gmock)
    target_precompile_headers(
        sbert_torch_test_pch
        PRIVATE <ATen/ATen.h> <torch/csrc/autograd/custom_function.h> <gmock/gmock.h>
    )
endif()

# sbert_module(name [TORCH] SOURCES a.cpp [DEPENDS base config] [LIBRARIES yaml-cpp] [TESTS a_test.cpp])
# A folder of sbert/ is a static library and, where it has tests, one test program. TORCH: its sources see torch.
function(sbert_module name)
    cmake_parse_arguments(arg "TORCH" "" "SOURCES;DEPENDS;LIBRARIES;TESTS" ${ARGN})
    add_library(sbert_${name} STATIC ${arg_SOURCES})
    set_target_properties(sbert_${name} PROPERTIES EXPORT_NAME ${name})
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
    if(arg_TORCH)
        target_link_libraries(sbert_${name} PUBLIC torch::torch_cpu)
        target_precompile_headers(sbert_${name} REUSE_FROM sbert_torch_pch)
    endif()
    set_property(GLOBAL APPEND PROPERTY SBERT_MODULES sbert_${name})

    if(BUILD_TESTING AND arg_TESTS)
        add_executable(${name}_test ${arg_TESTS})
        target_link_libraries(
            ${name}_test
            PRIVATE sbert_${name} ${arg_LIBRARIES} GTest::gmock GTest::gtest_main sbert_warnings
        )
        target_compile_definitions(
            ${name}_test
            PRIVATE SBERT_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data" SBERT_GOLDEN="${PROJECT_SOURCE_DIR}/tests/golden"
        )
        if(arg_TORCH)
            target_precompile_headers(${name}_test REUSE_FROM sbert_torch_test_pch)
        endif()
        add_test(NAME ${name} COMMAND ${name}_test --gtest_brief=1)
        # torch's own threads and ours share two cores in CI.
        set_tests_properties(${name} PROPERTIES TIMEOUT 1200 ENVIRONMENT "OMP_WAIT_POLICY=passive;ASAN_OPTIONS=detect_leaks=0:detect_odr_violation=0")
    endif()
endfunction()
