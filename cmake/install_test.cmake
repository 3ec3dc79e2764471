# The test `install`: installs into the build tree, builds examples/ as a project of its own against what was installed,
# and runs both programs. BUILD, SOURCE, GENERATOR, COMPILER and FLAGS come from install.cmake.
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
run_or_fail(
    ignored ${CMAKE_COMMAND} -S "${SOURCE}/examples" -B "${example}" -G "${GENERATOR}"
    "-DCMAKE_PREFIX_PATH=${prefix}" "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_CXX_FLAGS=${FLAGS}"
)
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
