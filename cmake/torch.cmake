# libtorch out of the torch wheel, as imported targets. torch's own TorchConfig.cmake asks for nvcc and for 3 GB of GPU
# packages; the CPU half needs neither. TORCH_DIR is the folder with include/ and lib/: of the wheel that ./run
# downloads, or of any libtorch of the user's (2.11 or newer).
set(TORCH_DIR "" CACHE PATH "Folder of torch with include/ and lib/")
if(NOT EXISTS "${TORCH_DIR}/lib/libtorch_cpu.so")
    message(FATAL_ERROR "TORCH_DIR has no lib/libtorch_cpu.so: '${TORCH_DIR}'. Use ./run build, or -DTORCH_DIR=/path/to/torch")
endif()

add_library(torch::c10 SHARED IMPORTED)
set_target_properties(torch::c10 PROPERTIES IMPORTED_LOCATION "${TORCH_DIR}/lib/libc10.so")
target_include_directories(
    torch::c10
    SYSTEM
    INTERFACE "${TORCH_DIR}/include" "${TORCH_DIR}/include/torch/csrc/api/include"
)

add_library(torch::torch_cpu SHARED IMPORTED)
set_target_properties(torch::torch_cpu PROPERTIES IMPORTED_LOCATION "${TORCH_DIR}/lib/libtorch_cpu.so")
# The wheel's libraries find each other by DT_RPATH, which only another DT_RPATH hands on.
target_link_options(torch::torch_cpu INTERFACE LINKER:--disable-new-dtags)
target_link_libraries(torch::torch_cpu INTERFACE torch::c10)
