// SPDX-License-Identifier: Apache-2.0
// A name that is accepted must stay the same when it is written out and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/error.h"
#include "image/reference.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stack::image;
  try {
    const Reference reference =
        parse_reference(std::string(reinterpret_cast<const char*>(data), size));
    if (parse_reference(canonical(reference)) != reference) std::abort();
    if (parse_reference(familiar(reference)) != reference) std::abort();
  } catch (const stack::Error&) {
  }
  return 0;
}
