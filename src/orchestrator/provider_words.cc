// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/provider_words.h"

#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"

namespace stack::orchestrator {
namespace {

using Kind = ProviderWord::Kind;

const std::map<std::string, Kind, std::less<>>& kinds() {
  static const std::map<std::string, Kind, std::less<>> all{
      {"error", Kind::error},     {"info", Kind::info},
      {"setenv", Kind::variable}, {"rawsetenv", Kind::raw_variable},
      {"debug", Kind::debug},     {"get-service-config", Kind::asks_for_config}};
  return all;
}

[[noreturn]] void refuse(std::string_view line, std::string_view why) {
  throw Error(fmt::format("the provider said what is no message of the protocol: {} ({})",
                          stack::quoted(line.substr(0, 200)), why))
      .with_hint(
          "each line of its output has to be {\"type\": ..., \"message\": ...}, with a type of "
          "info, error, setenv, rawsetenv, debug or get-service-config");
}

bool is_variable(Kind kind) {
  return kind == Kind::variable || kind == Kind::raw_variable;
}

}  // namespace

ProviderWord parse_provider_word(std::string_view line) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  if (!json.is_object()) refuse(line, "not a JSON object");
  const auto type = json.find("type");
  if (type == json.end() || !type->is_string()) refuse(line, "without a type");
  const auto kind = kinds().find(type->get<std::string>());
  if (kind == kinds().end()) refuse(line, "an unknown type");
  ProviderWord word{kind->second};
  if (const auto message = json.find("message"); message != json.end()) {
    if (!message->is_string()) refuse(line, "its message is no text");
    word.text = message->get<std::string>();
  }
  if (is_variable(word.kind) && word.text.find('=') == std::string::npos)
    refuse(line, "a variable is NAME=VALUE");
  return word;
}

void note_variable(const ProviderWord& word, ProviderVariables& variables) {
  const auto separator = word.text.find('=');
  auto& where = word.kind == Kind::raw_variable ? variables.raw : variables.prefixed;
  where[word.text.substr(0, separator)] = word.text.substr(separator + 1);
}

}  // namespace stack::orchestrator
