// SPDX-License-Identifier: Apache-2.0
// What must hold for every stack file, tried on random ones: files merge by the rules of the
// specification, what `config` prints means the same again, and the order of keys means nothing.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "base/text.h"
#include "load_text.h"
#include "random_service.h"
#include "spec/render.h"

namespace stack::spec {
namespace {

Project shown_project(const std::vector<std::string>& texts) {
  auto request = request_of(texts);
  request.purpose = Purpose::show;
  auto result = load_from_sources(std::move(request));
  if (!result.project) RC_FAIL(result.diagnostics.first_error() + "\n" + join(texts, "\n"));
  return std::move(*result.project);
}

/// What the JSON form says of everything, said or not.
void remove_empty_parts(Json& config) {
  for (auto& network : config["networks"]) {
    if (network.contains("ipam") && network["ipam"].empty()) network.erase("ipam");
  }
  for (auto& service : config["services"]) {
    for (const auto* key : {"command", "entrypoint"}) {
      if (service[key].is_null()) service.erase(key);
    }
    for (const auto* key : {"resources", "placement"}) {
      if (service.contains("deploy") && service["deploy"].value(key, Json(1)).empty())
        service["deploy"].erase(key);
    }
    if (service.contains("volumes")) {
      for (auto& mount : service["volumes"]) {
        if (mount.contains("volume") && mount["volume"].empty()) mount.erase("volume");
      }
    }
    if (!service.contains("develop")) continue;
    for (auto& watch : service["develop"]["watch"]) {
      if (watch["exec"] == Json{{"command", nullptr}}) watch.erase("exec");
    }
  }
}

Json config_of(const std::vector<std::string>& texts) {
  Json config = Json::parse(to_json(shown_project(texts)));
  remove_empty_parts(config);
  return config;
}

std::string only_web(const Json& service) {
  return Json{{"services", {{"web", service}}}}.dump();
}

/// What says nothing: no value, an empty list or mapping.
void drop_empty(Json& object, const std::set<std::string>& kept) {
  std::vector<std::string> unsaid;
  for (const auto& [key, value] : object.items()) {
    const bool is_empty = value.is_structured() && value.empty() && !kept.contains(key);
    if (value.is_null() || is_empty) unsaid.push_back(key);
  }
  for (const auto& key : unsaid) object.erase(key);
}

/// `merged` as `config` shows it: a service without networks joins the default one.
Json shown(Json merged) {
  if (merged.value("networks", Json()).empty()) merged["networks"] = {{"default", nullptr}};
  merged["image"] = "x";
  const std::set<std::string> said_by_being_there = {
      "build", "command", "deploy", "develop", "entrypoint", "healthcheck", "logging"};
  drop_empty(merged, said_by_being_there);
  if (merged.contains("logging")) drop_empty(merged["logging"], {});
  for (auto& network : merged["networks"])
    if (network.is_object()) drop_empty(network, {});
  return merged;
}

Json web_of(const Json& config) {
  return config["services"]["web"];
}

void expect_same(const Json& got, const Json& expected, const std::vector<std::string>& texts) {
  if (got != expected)
    RC_FAIL("to change: " + Json::diff(got, expected).dump() + "\n" + join(texts, "\n"));
}

RC_GTEST_PROP(Laws, FilesMergeAsTheSpecificationSays, ()) {
  const Json base = any_service();
  const Json over = any_override(base);
  const std::vector<std::string> texts = {file_with(written(base)).dump(), only_web(written(over))};
  expect_same(web_of(config_of(texts)), shown(merged(base, over)), texts);
}

RC_GTEST_PROP(Laws, AThirdFileGoesOverTheFirstTwo, ()) {
  const Json base = any_service();
  const Json over = any_override(base);
  const Json both = merged(base, over);
  const Json last = any_override(both);
  const std::vector<std::string> texts = {file_with(written(base)).dump(), only_web(written(over)),
                                          only_web(written(last))};
  expect_same(web_of(config_of(texts)), shown(merged(both, last)), texts);
}

RC_GTEST_PROP(Laws, ExtendingIsMergingInOneFile, ()) {
  const Json base = any_service();
  Json over = written(any_override(base));
  const auto apart = config_of({file_with(written(base)).dump(), only_web(over)});
  Json file = file_with(written(base));
  file["services"]["base"] = file["services"]["web"];
  over["extends"] = "base";
  file["services"]["web"] = over;
  expect_same(web_of(config_of({file.dump()})), web_of(apart), {file.dump()});
}

RC_GTEST_PROP(Laws, WhatConfigPrintsMeansTheSameAgain, ()) {
  const auto project = shown_project({any_file().dump()});
  const auto yaml = to_yaml(project);
  const auto again = shown_project({yaml});
  RC_ASSERT(to_yaml(again) == yaml);
  RC_ASSERT(again.services == project.services);
  RC_ASSERT(again.networks == project.networks);
  RC_ASSERT(again.volumes == project.volumes);
}

RC_GTEST_PROP(Laws, JsonAndYamlOfConfigMeanTheSame, ()) {
  const auto project = shown_project({any_file().dump()});
  const std::vector<std::string> json = {to_json(project)};
  expect_same(config_of(json), config_of({to_yaml(project)}), json);
}

RC_GTEST_PROP(Laws, TheOrderOfKeysMeansNothing, ()) {
  const Json base = any_service();
  Json file = any_file();
  for (const auto& [key, value] : base.items()) file["services"]["web"][key] = value;
  const Json over = Json::parse(only_web(written(any_override(base))));
  const std::vector<std::string> shuffled = {shuffled_text(file), shuffled_text(over)};
  expect_same(config_of(shuffled), config_of({file.dump(), over.dump()}), shuffled);
}

}  // namespace
}  // namespace stack::spec
