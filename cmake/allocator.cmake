# What programs allocate memory with: tcmalloc. Training takes and frees tensors of megabytes in several threads, of other
# sizes in each step; glibc's heap holds a quarter more of it, as pieces that no tensor fits into.
option(SBERT_TCMALLOC "Allocate memory of the programs with tcmalloc" ON)
add_library(sbert_allocator INTERFACE)
if(SBERT_TCMALLOC)
    find_library(SBERT_TCMALLOC_LIBRARY libtcmalloc_minimal.a REQUIRED)
    target_link_libraries(sbert_allocator INTERFACE ${SBERT_TCMALLOC_LIBRARY} Threads::Threads)
endif()
