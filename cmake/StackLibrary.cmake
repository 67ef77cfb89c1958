# stack_library(NAME SOURCES a.cc ... HEADERS a.h ... DEPENDS base lib::x ...)
# One folder of src/ = one library that links only what the table in docs/architecture.md allows.
# The headers form a verified header set: each must compile alone
# (target all_verify_interface_header_sets).
function(stack_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;HEADERS;DEPENDS" ${ARGN})
  list(TRANSFORM arg_DEPENDS REPLACE "^([a-z_]+)$" "stack_\\1")
  add_library(stack_${name} STATIC)
  target_sources(stack_${name} PRIVATE ${arg_SOURCES})
  target_sources(stack_${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR}/src FILES ${arg_HEADERS})
  target_link_libraries(stack_${name} PUBLIC stack_options ${arg_DEPENDS})
  set_target_properties(stack_${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
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
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS} lib::gtest)
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
