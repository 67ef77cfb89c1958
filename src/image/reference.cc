// SPDX-License-Identifier: Apache-2.0
#include "image/reference.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/text.h"
#include "image/digest.h"

namespace stack::image {
namespace {

constexpr std::string_view default_namespace = "library/";
constexpr std::size_t longest_name = 255;
constexpr std::size_t longest_tag = 128;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || is_digit(c);
}

[[noreturn]] void refuse(std::string_view text, std::string_view reason) {
  fail("invalid image name \"{}\": {}", printable(text), reason);
}

/// One part between slashes: letters and digits, joined by ".", "_", "__" or dashes.
bool is_path_component(std::string_view part) {
  if (part.empty() || !is_lower_or_digit(part.front()) || !is_lower_or_digit(part.back()))
    return false;
  for (std::size_t i = 0; i < part.size();) {
    if (is_lower_or_digit(part[i])) {
      ++i;
      continue;
    }
    const std::size_t end = std::min(part.find_first_not_of(part[i], i), part.size());
    const std::size_t run = end - i;
    const bool fine =
        part[i] == '-' || (part[i] == '.' && run == 1) || (part[i] == '_' && run <= 2);
    // Different separators never touch: "a.-b".
    if (!fine || (end < part.size() && !is_lower_or_digit(part[end]))) return false;
    i = end;
  }
  return true;
}

bool is_tag(std::string_view tag) {
  const auto word = [](char c) { return is_letter(c) || is_digit(c) || c == '_'; };
  return !tag.empty() && tag.size() <= longest_tag && word(tag.front()) &&
         std::all_of(tag.begin(), tag.end(),
                     [&](char c) { return word(c) || c == '.' || c == '-'; });
}

bool is_host_label(std::string_view label) {
  return !label.empty() && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '-'; });
}

bool is_ipv6_literal(std::string_view host) {
  return host.size() > 2 && host.front() == '[' && host.back() == ']' &&
         host.find_first_not_of("0123456789abcdefABCDEF:", 1) == host.size() - 1;
}

bool is_registry(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && (host.front() != '[' || host[colon - 1] == ']')) {
    if (!parse_integer<std::uint16_t>(host.substr(colon + 1))) return false;
    host = host.substr(0, colon);
  }
  if (is_ipv6_literal(host)) return true;
  const auto labels = split(host, '.');
  return std::all_of(labels.begin(), labels.end(), is_host_label);
}

/// Docker's rule: the first part is a registry when it cannot be a namespace.
bool looks_like_registry(std::string_view first) {
  return first == "localhost" || first.find_first_of(".:") != std::string_view::npos ||
         to_lower(first) != first;
}

std::string take_digest(std::string_view text, std::string_view& rest) {
  const std::size_t at = rest.find('@');
  if (at == std::string_view::npos) return "";
  const std::string_view digest = rest.substr(at + 1);
  if (!is_digest(digest)) refuse(text, "the digest must be sha256: and 64 hex digits");
  rest = rest.substr(0, at);
  return std::string(digest);
}

std::string take_tag(std::string_view text, std::string_view& rest) {
  const std::size_t colon = rest.rfind(':');
  const std::size_t slash = rest.rfind('/');
  if (colon == std::string_view::npos || (slash != std::string_view::npos && colon < slash))
    return "";
  const std::string_view tag = rest.substr(colon + 1);
  if (!is_tag(tag)) refuse(text, "the tag may have letters, digits, _ . - and 128 characters");
  rest = rest.substr(0, colon);
  return std::string(tag);
}

std::string take_registry(std::string_view text, std::string_view& rest) {
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos || !looks_like_registry(rest.substr(0, slash)))
    return std::string(default_registry);
  const std::string_view registry = rest.substr(0, slash);
  if (!is_registry(registry)) refuse(text, "the registry is not a host name with an optional port");
  rest = rest.substr(slash + 1);
  return registry == "index.docker.io" ? std::string(default_registry) : std::string(registry);
}

void check_repository(std::string_view text, const std::string& repository) {
  if (to_lower(repository) != repository) refuse(text, "repository name must be lowercase");
  const auto parts = split(repository, '/');
  if (!std::all_of(parts.begin(), parts.end(), is_path_component))
    refuse(text, "a repository is made of a-z, 0-9 and single separators . _ - /");
}

}  // namespace

Reference parse_reference(const std::string& text) {
  if (text.empty()) refuse(text, "it is empty");
  if (text.size() == 64 && is_digest("sha256:" + text))
    refuse(text, "64 hex digits would be taken for an image id");
  std::string_view rest = text;
  Reference reference;
  reference.digest = take_digest(text, rest);
  reference.tag = take_tag(text, rest);
  reference.registry = take_registry(text, rest);
  reference.repository = std::string(rest);
  check_repository(text, reference.repository);
  if (reference.registry == default_registry && reference.repository.find('/') == std::string::npos)
    reference.repository.insert(0, default_namespace);
  if (reference.registry.size() + 1 + reference.repository.size() > longest_name)
    refuse(text, "it is longer than 255 characters");
  if (reference.tag.empty() && reference.digest.empty()) reference.tag = "latest";
  return reference;
}

std::string canonical(const Reference& reference) {
  std::string text = reference.registry + "/" + reference.repository;
  if (!reference.tag.empty()) text += ":" + reference.tag;
  if (!reference.digest.empty()) text += "@" + reference.digest;
  return text;
}

std::string familiar(const Reference& reference) {
  std::string text = canonical(reference);
  if (reference.registry != default_registry) return text;
  // "docker.io/a.b/c" without its registry would be another's.
  const std::size_t slash = reference.repository.find('/');
  if (slash != std::string::npos && looks_like_registry(reference.repository.substr(0, slash)))
    return text;
  text.erase(0, default_registry.size() + 1);
  if (text.starts_with(default_namespace) &&
      reference.repository.find('/', default_namespace.size()) == std::string::npos)
    text.erase(0, default_namespace.size());
  return text;
}

}  // namespace stack::image
