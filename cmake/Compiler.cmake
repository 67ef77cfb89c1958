# One place for what every file of the project is compiled with.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

set(STACK_SANITIZE "" CACHE STRING "Value for -fsanitize=")

# Templates of the same libraries are most of what each file costs the compiler: a build takes half the
# time when several files are read as one. A name must therefore not mean two things in one folder.
option(STACK_FILES_TOGETHER "Compile several files of a folder at once" OFF)
set(CMAKE_UNITY_BUILD ${STACK_FILES_TOGETHER})
set(CMAKE_UNITY_BUILD_BATCH_SIZE 8)

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(stack_options INTERFACE)
target_include_directories(stack_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(stack_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Werror
  # What is local to a file is local to what is compiled with it: not to be told of that.
  $<$<AND:$<BOOL:${STACK_FILES_TOGETHER}>,$<CXX_COMPILER_ID:GNU>>:-Wno-subobject-linkage>
  $<$<AND:$<BOOL:${STACK_FILES_TOGETHER}>,$<CXX_COMPILER_ID:Clang>>:-Wno-shadow>
  $<$<CONFIG:Release>:-fstack-protector-strong>)
target_compile_definitions(stack_options INTERFACE $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
if(STACK_SANITIZE)
  target_compile_options(stack_options INTERFACE
    -fsanitize=${STACK_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  string(REPLACE "fuzzer-no-link," "" link_sanitizers "${STACK_SANITIZE}")
  target_link_options(stack_options INTERFACE -fsanitize=${link_sanitizers})
else()
  # Fewer shared libraries to load: a no-op `up` is mostly process start.
  target_link_options(stack_options INTERFACE -static-libstdc++ -static-libgcc)
endif()
target_link_options(stack_options INTERFACE -Wl,--as-needed -Wl,-z,relro)

# The programs that users run are stripped: of keepers' each first `up` makes a copy, and what nobody calls
# and debuggers' symbols would be copied with it. The debug preset has them.
# At a fixed address: relocations would write to 120 pages before main() in each command, keeper and
# supervisor (docs/performance.md, "What was learnt"). Heap, stack and libraries are at random ones as ever.
add_library(stack_product_options INTERFACE)
target_link_options(stack_product_options INTERFACE $<$<CONFIG:Release>:-no-pie;-Wl,--gc-sections,--strip-all>)
