# The test `install`: installs into the build tree, builds examples/ as a project of its own against what was installed,
# without libtorch, and runs it and the installed programs. Where TORCH is on, builds against sbert::train too.
# BUILD, SOURCE, GENERATOR, COMPILER, FLAGS and TORCH come from install.cmake.
set(prefix "${BUILD}/install-test/prefix")
set(example "${BUILD}/install-test/example")
set(model "${SOURCE}/tests/golden/checkpoint/hf")
file(REMOVE_RECURSE "${BUILD}/install-test")

function(run_or_fail output)
    execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE text ERROR_VARIABLE text RESULT_VARIABLE result)
    if(NOT result EQUAL 0)
        list(JOIN ARGN " " command)
        message(FATAL_ERROR "${command}: ended with ${result}\n${text}")
    endif()
    set(${output} "${text}" PARENT_SCOPE)
endfunction()

run_or_fail(ignored ${CMAKE_COMMAND} --install "${BUILD}" --prefix "${prefix}")
set(configure
    ${CMAKE_COMMAND} -G "${GENERATOR}" "-DCMAKE_PREFIX_PATH=${prefix}" "-DCMAKE_CXX_COMPILER=${COMPILER}"
    "-DCMAKE_CXX_FLAGS=${FLAGS}"
)
run_or_fail(ignored ${configure} -S "${SOURCE}/examples" -B "${example}" -DTORCH_DIR=/nowhere)
run_or_fail(ignored ${CMAKE_COMMAND} --build "${example}")
run_or_fail(printed "${example}/embed" "${model}")
string(REGEX MATCHALL "-?[01]\\.[0-9][0-9][0-9][0-9]" cosines "${printed}")

# The installed program must say the same.
set(expected "")
foreach(text "Someone has a meal." "The sky is blue.")
    run_or_fail(
        cosine "${prefix}/bin/sbert" similarity --quiet --model "${model}" "A man is eating food." "${text}"
    )
    string(STRIP "${cosine}" cosine)
    list(APPEND expected "${cosine}")
endforeach()
if(NOT cosines STREQUAL expected)
    message(FATAL_ERROR "the example and the program differ: ${cosines}, not ${expected}. It printed:\n${printed}")
endif()

# sbert::train, which needs libtorch.
set(training "${BUILD}/install-test/training")
file(
    WRITE "${training}/CMakeLists.txt"
    "cmake_minimum_required(VERSION 3.25)\nproject(training LANGUAGES CXX)\n"
    "find_package(sbert REQUIRED COMPONENTS train)\n"
    "add_executable(training training.cpp)\ntarget_link_libraries(training PRIVATE sbert::train)\n"
)
file(
    WRITE "${training}/training.cpp"
    "#include \"sbert/run/train_options.h\"\n#include \"sbert/run/trainer.h\"\n"
    "int main() { return sbert::TrainOptions{}.restore_from_path.empty() && &sbert::train_model != nullptr ? 0 : 1; }\n"
)
execute_process(
    COMMAND ${configure} -S "${training}" -B "${training}/build-without" -DTORCH_DIR=/nowhere
    OUTPUT_VARIABLE printed ERROR_VARIABLE printed RESULT_VARIABLE result
)
if(result EQUAL 0 OR NOT printed MATCHES "sbert::train: ")
    message(FATAL_ERROR "find_package(sbert COMPONENTS train) without libtorch ended with ${result}\n${printed}")
endif()
if(TORCH)
    run_or_fail(ignored ${configure} -S "${training}" -B "${training}/build")
    run_or_fail(ignored ${CMAKE_COMMAND} --build "${training}/build")
    run_or_fail(ignored "${training}/build/training")
    run_or_fail(ignored "${prefix}/bin/sbert" train --help)
endif()
