# Programs take the archive of a library where Debian has one: they start sooner, and need less to be installed.
# libarchive.so wants an XML parser, ICU and five compressions; what is read here, tar and gzip, wants zlib alone.

# sbert_take_archive(TARGET FILE): the imported library is libFILE.a, if there is one.
function(sbert_take_archive target file)
    find_library(SBERT_ARCHIVE_${file} lib${file}.a)
    mark_as_advanced(SBERT_ARCHIVE_${file})
    if(NOT SBERT_ARCHIVE_${file})
        return()
    endif()
    get_target_property(configurations ${target} IMPORTED_CONFIGURATIONS)
    set_target_properties(${target} PROPERTIES IMPORTED_LOCATION "${SBERT_ARCHIVE_${file}}")
    foreach(configuration IN LISTS configurations)
        if(configuration)
            set_target_properties(${target} PROPERTIES IMPORTED_LOCATION_${configuration} "${SBERT_ARCHIVE_${file}}")
        endif()
    endforeach()
endfunction()

sbert_take_archive(LibArchive::LibArchive archive)
sbert_take_archive(ZLIB::ZLIB z)
sbert_take_archive(yaml-cpp yaml-cpp)
target_link_libraries(LibArchive::LibArchive INTERFACE ZLIB::ZLIB)
