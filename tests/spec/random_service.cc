// SPDX-License-Identifier: Apache-2.0
#include "random_service.h"

#include <rapidcheck.h>

#include <algorithm>

namespace stack::spec {
namespace {

using Any = std::function<Json()>;
using Identity = std::function<std::string(const Json&)>;

bool coin() {
  return *rc::gen::arbitrary<bool>();
}

int below(int end) {
  return *rc::gen::inRange(0, end);
}

Any one_of(const std::vector<Json>& values) {
  return
      [values] { return values[static_cast<std::size_t>(below(static_cast<int>(values.size())))]; };
}

Any list_of(const Any& item, int most = 4) {
  return [item, most] {
    Json list = Json::array();
    for (int left = below(most); left > 0; --left) list.push_back(item());
    return list;
  };
}

/// Each word once or not at all.
Any some_words(const std::vector<std::string>& words) {
  return [words] {
    Json list = Json::array();
    for (const auto& word : words) {
      if (coin()) list.push_back(word);
    }
    return list;
  };
}

Any map_of(const Any& value) {
  return [value] {
    Json map = Json::object();
    for (const auto* key : {"A", "B", "c.d", "e-f"}) {
      if (coin()) map[key] = value();
    }
    return map;
  };
}

/// Each key with an even chance.
Any object_of(std::vector<std::pair<std::string, Any>> fields) {
  return [fields = std::move(fields)] {
    Json object = Json::object();
    for (const auto& [key, any] : fields) {
      if (coin()) object[key] = any();
    }
    return object;
  };
}

Any with(const std::string& key, const Any& value, const Any& rest) {
  return [=] {
    Json object = rest();
    object[key] = value();
    return object;
  };
}

// --- the rules -----------------------------------------------------------------------------------

Json replaced(const Json&, const Json& over) {
  return over;
}

Json by_key(const Json& base, const Json& over) {
  Json result = base.is_null() ? Json::object() : base;
  for (const auto& [key, value] : over.items()) result[key] = value;
  return result;
}

/// Mappings by key down to the leaves; nothing leaves what was there.
Json deeply(const Json& base, const Json& over) {
  if (!base.is_object() || !over.is_object()) return over.is_null() ? base : over;
  Json result = base;
  for (const auto& [key, value] : over.items())
    result[key] = deeply(base.value(key, Json()), value);
  return result;
}

Json appended(const Json& base, const Json& over) {
  Json result = base.is_null() ? Json::array() : base;
  for (const auto& item : over) result.push_back(item);
  return result;
}

/// Appended; what has the identity of an earlier item takes that one's place.
auto keyed(const Identity& identity) {
  return [identity](const Json& base, const Json& over) {
    Json result = Json::array();
    for (const auto& item : appended(base, over)) {
      const auto same = std::find_if(result.begin(), result.end(), [&](const Json& earlier) {
        return identity(earlier) == identity(item);
      });
      if (same == result.end()) {
        result.push_back(item);
      } else {
        *same = item;
      }
    }
    return result;
  };
}

std::string whole_text(const Json& item) {
  return item.get<std::string>();
}
std::string text_before_equals(const Json& item) {
  const auto text = item.get<std::string>();
  return text.substr(0, text.find('='));
}
std::string target(const Json& item) {
  return item.value("target", "");
}
std::string target_or_name(const Json& item) {
  return item.value("target", "/" + item.value("source", ""));
}
std::string port_identity(const Json& port) {
  const auto address = port.value("host_ip", "0.0.0.0");
  return address + "|" + port.value("published", "") + "|" + port["target"].dump() + "|" +
         port.value("protocol", "");
}

Json logging_merged(const Json& base, const Json& over) {
  const bool other = base.is_object() && base.contains("driver") && over.contains("driver") &&
                     base["driver"] != over["driver"];
  return other ? over : deeply(base, over);
}

Json networks_merged(const Json& base, const Json& over) {
  Json result = deeply(base.is_null() ? Json::object() : base, over);
  for (const auto& [key, value] : over.items()) {
    if (!value.is_object() || !value.contains("aliases")) continue;
    const Json before = base.is_null() ? Json() : base.value(key, Json());
    const Json aliases = before.is_null() ? Json() : before.value("aliases", Json());
    result[key]["aliases"] = keyed(whole_text)(aliases, value["aliases"]);
  }
  return result;
}

Json healthcheck_merged(const Json& base, const Json& over) {
  Json result = deeply(base, over);
  if (over.contains("test")) result["test"] = over["test"];
  return result;
}

// --- other notations -----------------------------------------------------------------------------

Json assignments(const Json& map) {
  if (coin()) return map;
  Json list = Json::array();
  for (const auto& [key, value] : map.items())
    list.push_back(value.is_null() ? key : key + "=" + value.get<std::string>());
  return list;
}

Json single_or_list(const Json& list) {
  return list.size() == 1 && coin() ? list[0] : list;
}

/// {HOST: [ADDRESS, ...]}, which is read in the order of the hosts.
Json hosts_by_name(const Json& list) {
  if (!std::is_sorted(list.begin(), list.end()) || coin()) return list;
  Json map = Json::object();
  for (const auto& item : list) {
    const auto text = item.get<std::string>();
    const auto equals = text.find('=');
    map[text.substr(0, equals)].push_back(text.substr(equals + 1));
  }
  return map;
}

Json short_port(const Json& port) {
  const bool is_short = port.value("mode", "") == "ingress" && coin();
  if (!is_short) return port;
  auto text = port.value("host_ip", "");
  if (!text.empty()) text += ":";
  if (port.contains("published") || !text.empty()) text += port.value("published", "") + ":";
  return text + port["target"].dump() + "/" + port.value("protocol", "tcp");
}

Json short_mount(const Json& mount) {
  const bool is_plain = mount.size() == 3 && mount["type"] == "volume";
  return is_plain && coin()
             ? Json(mount["source"].get<std::string>() + ":" + mount["target"].get<std::string>())
             : mount;
}

Json short_device(const Json& device) {
  return coin() ? Json(device["source"].get<std::string>() + ":" +
                       device["target"].get<std::string>() + ":" +
                       device["permissions"].get<std::string>())
                : device;
}

Json short_names(const Json& map) {
  const bool all_bare =
      std::all_of(map.begin(), map.end(), [](const Json& value) { return value.is_null(); });
  if (!all_bare || map.empty() || coin()) return map;
  Json list = Json::array();
  for (const auto& [key, value] : map.items()) list.push_back(key);
  return list;
}

auto each(Json (*item_written)(const Json&)) {
  return [item_written](const Json& list) {
    Json result = Json::array();
    for (const auto& item : list) result.push_back(item_written(item));
    return result;
  };
}

// --- the values ----------------------------------------------------------------------------------

const Any any_text = one_of({"a", "b c", "8080", "yes", "1.10", "a: b #c", "$$x", "'\"\\", "ü"});
const Any kAssigned = one_of({"1", "", "two words", "a=b", "true", "$$"});
const Any kDuration = one_of({"5s", "1m30s", "1h0m0s", "10ms"});
const Any kBytes = one_of({"1024", "536870912"});

Json any_port_text() {
  Json port = {{"mode", one_of({"ingress", "host"})()},
               {"target", 80 + below(3)},
               {"protocol", one_of({"tcp", "udp"})()}};
  if (coin()) port["published"] = std::to_string(8080 + below(3));
  if (coin()) port["host_ip"] = one_of({"0.0.0.0", "127.0.0.1"})();
  return port;
}

Json any_mount() {
  Json mount = {{"type", "volume"}, {"target", one_of({"/a", "/b", "/c/d"})()}};
  if (coin()) {
    mount["type"] = "bind";
    mount["source"] = one_of({"/host/a", "/host/b"})();
    if (coin()) mount["bind"] = {{"create_host_path", true}};
    if (coin()) mount["read_only"] = true;
  } else {
    mount["source"] = one_of({"vol", "data"})();
    if (coin()) mount["volume"] = {{"nocopy", true}};
  }
  return mount;
}

Json any_device() {
  return {{"source", one_of({"/dev/a", "/dev/b"})()},
          {"target", one_of({"/dev/x", "/dev/y"})()},
          {"permissions", one_of({"r", "rwm"})()}};
}

Any file_reference(bool is_secret) {
  return [is_secret] {
    Json reference = {{"source", one_of({"one", "two"})()}};
    const auto source = reference["source"].get<std::string>();
    if (is_secret) reference["target"] = coin() ? "/run/secrets/" + source : "/elsewhere";
    if (!is_secret && coin()) reference["target"] = one_of({"/one", "/elsewhere"})();
    if (coin()) reference["mode"] = "0440";
    return reference;
  };
}

Json any_dependency() {
  Json dependency = {{"condition", one_of({"service_started", "service_healthy"})()},
                     {"required", coin()}};
  if (coin()) dependency["restart"] = true;
  return dependency;
}

Json any_ulimit() {
  if (coin()) return 1 + below(9);
  return {{"soft", 1 + below(9)}, {"hard", 10 + below(9)}};
}

Json any_attachment() {
  if (coin()) return nullptr;
  return object_of({{"aliases", list_of(one_of({"p", "q", "r"}))},
                    {"ipv4_address", one_of({"10.1.2.3", "10.1.2.4"})},
                    {"priority", one_of({1, 2})}})();
}

Any some_of(const std::vector<std::string>& names, const Any& value) {
  return [=] {
    Json map = Json::object();
    for (const auto& name : names) {
      if (coin()) map[name] = value();
    }
    return map;
  };
}

const Any kDeploy = object_of(
    {{"replicas", one_of({1, 2})},
     {"labels", map_of(kAssigned)},
     {"resources",
      object_of({{"limits", object_of({{"memory", kBytes}, {"pids", one_of({1, 2})}})}})},
     {"restart_policy", object_of({{"condition", one_of({"any", "none"})}, {"delay", kDuration}})},
     {"placement", object_of({{"constraints", list_of(one_of({"a==b", "c!=d"}))}})}});

/// Values shrink towards saying little: zero is the least of the random numbers.
bool seldom(int one_in) {
  return below(one_in) == one_in - 1;
}

Json null_or(const Any& any) {
  return seldom(5) ? Json() : any();
}

Json any_environment() {
  return map_of([] { return null_or(kAssigned); })();
}

std::vector<Attribute> make_attributes() {
  const auto words = [](const std::vector<Json>& values) { return list_of(one_of(values)); };
  const auto exact = keyed(whole_text);
  const auto unique = keyed(text_before_equals);
  std::vector<Attribute> all = {
      {"user", any_text, replaced},
      {"hostname", one_of({"a", "b"}), replaced},
      {"working_dir", one_of({"/a", "/b"}), replaced},
      {"restart", one_of({"always", "no", "on-failure:3"}), replaced},
      {"stop_grace_period", kDuration, replaced},
      {"mem_limit", kBytes, replaced},
      {"tty", one_of({true}), replaced},
      {"init", one_of({true, false}), replaced},
      {"oom_score_adj", one_of({-5, 5}), replaced},
      {"command", list_of(any_text), replaced, {}, true},
      {"entrypoint", list_of(any_text), replaced, {}, true},
      {"environment", any_environment, by_key, assignments},
      {"labels", map_of(kAssigned), by_key, assignments},
      {"annotations", map_of(kAssigned), by_key, assignments},
      {"sysctls", map_of(kAssigned), by_key, assignments},
      {"storage_opt", map_of(kAssigned), by_key},
      {"dns", words({"1.1.1.1", "8.8.8.8", "9.9.9.9"}), unique, single_or_list},
      {"dns_search", words({"a", "b", "c"}), unique, single_or_list},
      {"dns_opt", words({"use-vc", "ndots:1"}), unique},
      {"cap_add", words({"SYS_TIME", "KILL", "ALL"}), unique},
      {"cap_drop", words({"SYS_TIME", "KILL", "ALL"}), unique},
      {"tmpfs", words({"/t:mode=1", "/t:mode=2", "/u:size=1m"}), unique, single_or_list},
      {"expose", words({"80", "81/udp", "82-84"}), unique},
      {"security_opt", some_words({"label=user:a", "label=role:b", "no-new-privileges:true"}),
       exact},
      {"group_add", some_words({"a", "100"}), exact},
      {"external_links", some_words({"a", "b:c"}), exact},
      {"device_cgroup_rules", some_words({"c 1:1 r", "c 1:2 r"}), exact},
      {"extra_hosts", some_words({"h=10.0.0.1", "h=10.0.0.2", "g=::1"}), exact, hosts_by_name},
      {"ports", list_of(any_port_text), keyed(port_identity), each(short_port)},
      {"volumes", list_of(any_mount), keyed(target), each(short_mount)},
      {"devices", list_of(any_device), keyed(target), each(short_device)},
      {"secrets", list_of(file_reference(true)), keyed(target)},
      {"configs", list_of(file_reference(false)), keyed(target_or_name)},
      {"depends_on", some_of({"db", "cache"}, any_dependency), deeply},
      {"networks", some_of({"front", "back"}, any_attachment), networks_merged, short_names},
      {"logging",
       object_of({{"driver", one_of({"json-file", "local"})}, {"options", map_of(kAssigned)}}),
       logging_merged},
      {"ulimits", some_of({"nofile", "nproc"}, any_ulimit), deeply},
      {"healthcheck",
       object_of({{"test", one_of({Json{"CMD", "a"}, Json{"CMD-SHELL", "a b"}})},
                  {"interval", kDuration},
                  {"retries", one_of({1, 2})}}),
       healthcheck_merged},
      {"post_start", list_of(with("command", list_of(any_text), object_of({{"user", any_text}}))),
       appended},
  };
  for (auto& attribute : all) {
    if (!attribute.written) attribute.written = [](const Json& value) { return value; };
  }
  return all;
}

Json any_subnets() {
  Json subnets = Json::array();
  for (int index = 0; index < below(3); ++index) {
    Json subnet = {{"subnet", "10." + std::to_string(index) + ".0.0/16"}};
    if (coin()) subnet["gateway"] = "10." + std::to_string(index) + ".0.1";
    if (coin()) subnet["aux_addresses"] = {{"host", "10." + std::to_string(index) + ".0.9"}};
    subnets.push_back(subnet);
  }
  return subnets;
}

const Any kNetwork =
    object_of({{"driver", one_of({"bridge"})},
               {"driver_opts", map_of(kAssigned)},
               {"internal", one_of({true, false})},
               {"labels", map_of(kAssigned)},
               {"name", one_of({"own", "b c"})},
               {"enable_ipv6", one_of({true, false})},
               {"ipam", object_of({{"driver", one_of({"default"})}, {"config", any_subnets}})}});
const Any kVolume = object_of({{"driver", one_of({"local"})},
                               {"driver_opts", map_of(kAssigned)},
                               {"labels", map_of(kAssigned)},
                               {"name", one_of({"own"})}});
const Any kFile = one_of({Json::object({{"file", "./a"}}), Json::object({{"environment", "HOME"}}),
                          Json::object({{"external", true}}),
                          Json::object({{"external", true}, {"name", "own"}})});

const Any kBuild =
    object_of({{"context", one_of({"./a", ".", "https://example.org/a.git"})},
               {"dockerfile", one_of({"D", "sub/D"})},
               {"args", map_of(kAssigned)},
               {"labels", map_of(kAssigned)},
               {"target", any_text},
               {"cache_from", list_of(one_of({"a", "b"}))},
               {"tags", list_of(one_of({"a:1", "b:2"}))},
               {"extra_hosts", some_words({"h=10.0.0.1", "g=10.0.0.2"})},
               {"ulimits", some_of({"nofile"}, any_ulimit)},
               {"additional_contexts", some_of({"c", "d"}, one_of({"./c", "service:db"}))},
               {"platforms", list_of(one_of({"linux/amd64", "linux/arm64"}))}});

}  // namespace

const std::vector<Attribute>& attributes() {
  static const std::vector<Attribute> all = make_attributes();
  return all;
}

Json any_service() {
  return any_override(Json::object());
}

Json any_override(const Json& base) {
  Json service = Json::object();
  for (const auto& attribute : attributes()) {
    if (!seldom(3)) continue;
    const bool may_be_null =
        attribute.null_replaces || !base.value(attribute.key, Json()).is_null();
    service[attribute.key] = may_be_null ? null_or(attribute.any) : attribute.any();
  }
  return service;
}

Json written(const Json& service) {
  Json result = Json::object();
  for (const auto& attribute : attributes()) {
    if (!service.contains(attribute.key)) continue;
    const Json& value = service[attribute.key];
    result[attribute.key] = value.is_null() ? value : attribute.written(value);
  }
  return result;
}

Json merged(const Json& base, const Json& over) {
  Json result = Json::object();
  for (const auto& attribute : attributes()) {
    Json value;
    bool is_said = false;
    for (const auto* service : {&base, &over}) {
      if (!service->contains(attribute.key)) continue;
      const Json& said = (*service)[attribute.key];
      if (!said.is_null()) value = attribute.merged(value, said);
      if (said.is_null() && attribute.null_replaces) value = nullptr;
      is_said = is_said || !value.is_null() || attribute.null_replaces;
    }
    if (is_said) result[attribute.key] = value;
  }
  return result;
}

Json file_with(const Json& web) {
  Json service = web;
  service["image"] = "x";
  const Json file = {{"file", "/f"}};
  return {{"services", {{"web", service}, {"db", {{"image", "x"}}}, {"cache", {{"image", "x"}}}}},
          {"networks", {{"front", Json::object()}, {"back", Json::object()}}},
          {"volumes", {{"vol", Json::object()}, {"data", Json::object()}}},
          {"secrets", {{"one", file}, {"two", file}}},
          {"configs", {{"one", file}, {"two", file}}}};
}

Json any_file() {
  Json service = any_service();
  if (coin()) service["build"] = kBuild();
  if (coin()) service["deploy"] = kDeploy();
  Json file = file_with(written(service));
  for (const auto* name : {"front", "back"}) file["networks"][name] = kNetwork();
  for (const auto* name : {"vol", "data"}) file["volumes"][name] = kVolume();
  for (const auto* name : {"one", "two"}) {
    file["secrets"][name] = kFile();
    file["configs"][name] = kFile();
  }
  file["x-own"] = map_of(any_text)();
  return file;
}

std::string shuffled_text(const Json& value) {
  std::vector<std::string> parts;
  if (value.is_array()) {
    for (const auto& item : value) parts.push_back(shuffled_text(item));
  } else if (value.is_object()) {
    for (const auto& [key, inner] : value.items())
      parts.push_back(Json(key).dump() + ": " + shuffled_text(inner));
    for (std::size_t left = parts.size(); left > 1; --left)
      std::swap(parts[left - 1], parts[static_cast<std::size_t>(below(static_cast<int>(left)))]);
  } else {
    return value.dump();
  }
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : ", ") + part;
  return value.is_array() ? "[" + text + "]" : "{" + text + "}";
}

}  // namespace stack::spec
