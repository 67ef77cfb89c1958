# Half of a build's time goes into reading the same headers. They are read once here; each file
# includes what it uses all the same, which the presets without this show.
option(STACK_PRECOMPILED_HEADERS "Read the most used library headers once" OFF)

set(STACK_COMMON_HEADERS <algorithm> <array> <chrono> <cstdint> <filesystem> <functional> <map> <memory>
  <optional> <set> <span> <string> <string_view> <variant> <vector> <fmt/format.h> <nlohmann/json.hpp>)

set(STACK_ASIO_HEADERS <utility> <boost/asio/awaitable.hpp> <boost/asio/basic_waitable_timer.hpp>
  <boost/asio/io_context.hpp> <boost/asio/posix/basic_descriptor.hpp>)

# stack_precompile(TARGET FROM [HEADER...]): `FROM` is the target whose precompiled headers are used, perhaps
# TARGET itself, which may add some. Both must be compiled with the same options.
function(stack_precompile target from)
  if(NOT STACK_PRECOMPILED_HEADERS)
    return()
  endif()
  if(target STREQUAL from)
    target_precompile_headers(${target} PRIVATE ${STACK_COMMON_HEADERS} ${ARGN})
  else()
    target_precompile_headers(${target} REUSE_FROM ${from})
  endif()
endfunction()

# stack_library(NAME SOURCES a.cc ... HEADERS a.h ... DEPENDS base lib::x ...)
# One folder of src/ = one library that links only what the table in docs/architecture.md allows.
# The headers form a verified header set: each must compile alone
# (target all_verify_interface_header_sets). ALONE: sources that are never compiled together with others;
# tests/attacks put weaker functions in the place of theirs when they link.
function(stack_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;HEADERS;DEPENDS;ALONE" ${ARGN})
  list(TRANSFORM arg_DEPENDS REPLACE "^([a-z_]+)$" "stack_\\1")
  add_library(stack_${name} STATIC)
  target_sources(stack_${name} PRIVATE ${arg_SOURCES})
  set_source_files_properties(${arg_ALONE} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  target_sources(stack_${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR}/src FILES ${arg_HEADERS})
  target_link_libraries(stack_${name} PUBLIC stack_options ${arg_DEPENDS})
  set_target_properties(stack_${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
  if(name STREQUAL supervisor)
    stack_precompile(stack_${name} stack_${name} ${STACK_ASIO_HEADERS})
  else()
    stack_precompile(stack_${name} stack_base)
  endif()
endfunction()

# stack_embed_keeper(TARGET KEEPER): TARGET carries the program KEEPER, a target of the same folder that is
# called stack-keeper, and starts keepers from it. Of two in one program that of the executable counts.
function(stack_embed_keeper target keeper)
  set(source ${CMAKE_SOURCE_DIR}/src/supervisor/keeper_program.s)
  target_sources(${target} PRIVATE ${source})
  set_source_files_properties(${source} PROPERTIES
    COMPILE_OPTIONS -Wa,-I,${CMAKE_CURRENT_BINARY_DIR}
    OBJECT_DEPENDS ${CMAKE_CURRENT_BINARY_DIR}/stack-keeper)
  set_target_properties(${keeper} PROPERTIES
    OUTPUT_NAME stack-keeper RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
  # Ninja knows who makes a file; for others all of TARGET has to wait.
  if(NOT CMAKE_GENERATOR MATCHES Ninja)
    add_dependencies(${target} ${keeper})
  endif()
endfunction()

# stack_test(NAME SOURCES a_test.cc ... DEPENDS spec ... [LABEL unit|kernel])
# `unit` needs no root and no kernel feature; `kernel` needs root and skips, with the reason, without.
function(stack_test name)
  cmake_parse_arguments(arg "" "LABEL" "SOURCES;DEPENDS" ${ARGN})
  if(NOT arg_LABEL)
    set(arg_LABEL unit)
  endif()
  list(TRANSFORM arg_DEPENDS REPLACE "^([a-z_]+)$" "stack_\\1")
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS} stack_test_options lib::gtest)
  stack_precompile(${name} stack_test_headers)
  gtest_discover_tests(${name} PROPERTIES LABELS ${arg_LABEL} DISCOVERY_TIMEOUT 60
    WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
endfunction()

# stack_fuzz(NAME SOURCES x.cc DEPENDS spec ...)
function(stack_fuzz name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
  list(TRANSFORM arg_DEPENDS REPLACE "^([a-z_]+)$" "stack_\\1")
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
endfunction()
