# The libraries of Debian bookworm that the project uses. Static where the -dev package has an
# archive: each shared library costs every `stack` command its loading time.
find_package(Threads REQUIRED)

function(stack_archive target file)
  find_library(${target}_FILE NAMES ${file} REQUIRED)
  add_library(lib::${target} STATIC IMPORTED GLOBAL)
  set_target_properties(lib::${target} PROPERTIES IMPORTED_LOCATION ${${target}_FILE})
endfunction()

stack_archive(yaml_cpp libyaml-cpp.a)
stack_archive(seccomp libseccomp.a)
stack_archive(cap libcap.a)
stack_archive(crypto libcrypto.a)
target_link_libraries(lib::crypto INTERFACE Threads::Threads ${CMAKE_DL_LIBS})
stack_archive(ssl libssl.a)
target_link_libraries(lib::ssl INTERFACE lib::crypto)
stack_archive(z libz.a)
stack_archive(zstd libzstd.a)
stack_archive(lzma liblzma.a)
stack_archive(bz2 libbz2.a)
stack_archive(archive libarchive.a)
target_link_libraries(lib::archive INTERFACE lib::z lib::zstd lib::lzma lib::bz2 lib::crypto)

find_library(MNL_FILE NAMES libmnl.so REQUIRED)
add_library(lib::mnl SHARED IMPORTED GLOBAL)
set_target_properties(lib::mnl PROPERTIES IMPORTED_LOCATION ${MNL_FILE} IMPORTED_NO_SONAME OFF)

# Header-only: no object of theirs is loaded at start.
add_library(lib::fmt INTERFACE IMPORTED GLOBAL)
target_compile_definitions(lib::fmt INTERFACE SPDLOG_FMT_EXTERNAL)
add_library(lib::spdlog INTERFACE IMPORTED GLOBAL)
target_compile_definitions(lib::spdlog INTERFACE SPDLOG_FMT_EXTERNAL)
add_library(lib::json INTERFACE IMPORTED GLOBAL)
add_library(lib::asio INTERFACE IMPORTED GLOBAL)
target_compile_definitions(lib::asio INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_ALIGN)
# GCC 12 takes the frames of coroutines, which awaitable allocates and frees itself, for a mismatch
# wherever the copy of a parameter may throw.
target_compile_options(lib::asio INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>)
target_link_libraries(lib::asio INTERFACE Threads::Threads)
add_library(lib::cli11 INTERFACE IMPORTED GLOBAL)
