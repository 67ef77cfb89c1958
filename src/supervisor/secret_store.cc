// SPDX-License-Identifier: Apache-2.0
#include "supervisor/secret_store.h"

#include <sys/mman.h>

#include "base/error.h"
#include "base/files.h"

namespace stack::supervisor {
namespace {

constexpr std::string_view word = "/secret/";

std::string prefix_of(const std::string& container) {
  return container + std::string(word);
}

}  // namespace

void SecretStore::put(const std::string& container, std::size_t index, const std::string& text) {
  Fd memory(::memfd_create("secret", MFD_CLOEXEC));
  if (!memory) throw_errno("memfd_create");
  write_all(memory.get(), text);
  const std::string name = prefix_of(container) + std::to_string(index);
  store_.keep(name, memory.get());
  texts_[name] = std::move(memory);
}

std::optional<std::string> SecretStore::get(const std::string& container, std::size_t index) const {
  const auto found = texts_.find(prefix_of(container) + std::to_string(index));
  if (found == texts_.end()) return std::nullopt;
  if (::lseek(found->second.get(), 0, SEEK_SET) < 0) throw_errno("seek in a secret");
  return read_all(found->second.get());
}

void SecretStore::drop(const std::string& container) {
  const std::string prefix = prefix_of(container);
  for (auto at = texts_.lower_bound(prefix); at != texts_.end() && at->first.starts_with(prefix);
       at = texts_.erase(at))
    store_.drop(at->first);
}

void SecretStore::adopt(std::map<std::string, Fd>& kept) {
  for (auto& [name, memory] : kept)
    if (name.find(word) != std::string::npos) texts_[name] = std::move(memory);
}

}  // namespace stack::supervisor
