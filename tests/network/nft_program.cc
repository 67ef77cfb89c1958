// SPDX-License-Identifier: Apache-2.0
#include "nft_program.h"

#include <cstdio>
#include <memory>

#include "base/error.h"

namespace stack::network::test {
namespace {

using Pipe = std::unique_ptr<FILE, int (*)(FILE*)>;

std::string output_of(const char* command) {
  const Pipe pipe(::popen(command, "r"), ::pclose);
  std::string text;
  for (int c = pipe ? std::fgetc(pipe.get()) : EOF; c != EOF; c = std::fgetc(pipe.get()))
    text += static_cast<char>(c);
  return text;
}

}  // namespace

bool has_nft() {
  return !output_of("nft --version 2>/dev/null").empty();
}

void load_by_nft(const std::string& script) {
  Pipe pipe(::popen("nft -f -", "w"), ::pclose);
  if (!pipe) throw_errno("running nft");
  std::fwrite(script.data(), 1, script.size(), pipe.get());
  if (::pclose(pipe.release()) != 0) fail("nft refuses:\n{}", script);
}

std::string ruleset() {
  return output_of("nft -s list ruleset");
}

std::string ruleset_with_expressions() {
  return output_of("nft -s --debug=netlink list ruleset 2>&1");
}

}  // namespace stack::network::test
