// SPDX-License-Identifier: Apache-2.0
#include "base/dynamic_library.h"

#include <dlfcn.h>

#include "base/error.h"

namespace stack {

DynamicLibrary::DynamicLibrary(const char* soname, const char* debian_package)
    : handle_(::dlopen(soname, RTLD_LAZY | RTLD_LOCAL)), soname_(soname) {
  if (handle_ == nullptr) {
    throw Error(fmt::format("{} cannot be loaded: {}", soname, ::dlerror()))
        .with_hint(fmt::format("apt-get install {}", debian_package));
  }
}

void* DynamicLibrary::symbol(const char* name) const {
  void* address = ::dlsym(handle_, name);
  if (address == nullptr) fail("{} has no function {}", soname_, name);
  return address;
}

}  // namespace stack
