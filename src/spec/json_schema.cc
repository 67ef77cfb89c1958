// SPDX-License-Identifier: Apache-2.0
#include "spec/json_schema.h"

#include <nlohmann/json.hpp>

#include "spec/schema.h"

namespace stack::spec {
namespace {

using Json = nlohmann::ordered_json;

Json one_of_types(std::initializer_list<const char*> types) {
  Json names = Json::array();
  for (const char* type : types) names.push_back(type);
  return {{"type", names}};
}

Json text() {
  return {{"type", "string"}};
}
Json loose_text() {
  return one_of_types({"string", "number", "boolean"});
}
Json list_of(Json item) {
  return {{"type", "array"}, {"items", std::move(item)}};
}

Json any_of(std::vector<Json> alternatives) {
  if (alternatives.size() == 1) return std::move(alternatives.front());
  return {{"anyOf", std::move(alternatives)}};
}

/// KEY: VALUE, or a list of KEY=VALUE.
Json assignments() {
  Json map{{"type", "object"},
           {"additionalProperties", one_of_types({"string", "number", "boolean", "null"})}};
  return any_of({std::move(map), list_of(text())});
}

Json schema_of(const Type& type);

Json object_of(const Schema& schema) {
  Json properties = Json::object();
  for (const auto& field : schema.fields) {
    Json property = schema_of(*field.type);
    property["description"] = field.doc;
    properties[std::string(field.key)] = std::move(property);
  }
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"patternProperties", {{"^x-", Json::object()}}},
          {"additionalProperties", false}};
}

Json map_of(const Type& element) {
  return {{"type", "object"}, {"additionalProperties", schema_of(element)}};
}

Json choice_of(const Type& type) {
  Json names = Json::array();
  for (const auto choice : type.choices) names.push_back(choice);
  return any_of({{{"enum", std::move(names)}}, {{"type", "string"}, {"pattern", "\\$"}}});
}

Json long_form(const Type& type) {
  if (!type.choices.empty()) return choice_of(type);
  switch (type.form) {
    case Form::any:
      return Json::object();
    case Form::text:
    case Form::path:
    case Form::duration:
      return text();
    case Form::loose_text:
      return loose_text();
    case Form::boolean:
      return one_of_types({"boolean", "string"});
    case Form::integer:
      return one_of_types({"integer", "string"});
    case Form::number:
    case Form::size:
    case Form::signed_size:
    case Form::mode:
      return one_of_types({"number", "string"});
    case Form::command:
    case Form::text_or_texts:
      return any_of({text(), list_of(loose_text())});
    case Form::texts:
      return list_of(text());
    case Form::loose_texts:
      return list_of(loose_text());
    case Form::text_map:
    case Form::environment:
      return assignments();
    case Form::options:
      return {{"type", "object"}, {"additionalProperties", loose_text()}};
    case Form::object:
      return object_of(*type.schema);
    case Form::map_of:
      return map_of(*type.element);
    case Form::list_of:
      return list_of(schema_of(*type.element));
  }
  return Json::object();
}

Json schema_of(const Type& type) {
  if (type.form == Form::any) return Json::object();
  std::vector<Json> forms{long_form(type)};
  if (type.form == Form::object && type.element != nullptr)
    forms.push_back(schema_of(*type.element));
  if ((type.also & kAlsoText) != 0) forms.push_back(text());
  if ((type.also & kAlsoNumber) != 0) forms.push_back({{"type", "number"}});
  if ((type.also & kAlsoTexts) != 0) forms.push_back(list_of(text()));
  if ((type.also & kAlsoMapping) != 0) forms.push_back({{"type", "object"}});
  if (type.may_be_null) forms.push_back({{"type", "null"}});
  return any_of(std::move(forms));
}

}  // namespace

std::string json_schema() {
  Json schema{{"$schema", "http://json-schema.org/draft-07/schema#"},
              {"title", "stack file"},
              {"description", "Compose files, and the keys below x-stack that only stack has"}};
  schema.update(object_of(kProjectSchema));
  return schema.dump(2) + "\n";
}

}  // namespace stack::spec
