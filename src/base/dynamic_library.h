// SPDX-License-Identifier: Apache-2.0
// A shared library opened when it is first needed, so that commands that do not need it do not pay
// for loading it at every start.
#pragma once

#include <string>

namespace stack {

/// dlopen(3), for the life of the process. Throws Error naming the library and its Debian package.
class DynamicLibrary {
 public:
  DynamicLibrary(const char* soname, const char* debian_package);

  /// The function `name` with the type of its declaration:
  /// library.function<decltype(nft_ctx_new)>("nft_ctx_new").
  template <typename Function>
  Function* function(const char* name) const {
    return reinterpret_cast<Function*>(symbol(name));
  }

 private:
  void* symbol(const char* name) const;
  void* handle_;
  std::string soname_;
};

}  // namespace stack
