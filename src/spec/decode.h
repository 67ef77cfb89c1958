// SPDX-License-Identifier: Apache-2.0
// Shaped tree to model. Shaping has checked every value, so reading cannot fail; what was refused
// there reads as empty, and the project is never handed out.
#pragma once

#include "spec/model.h"
#include "spec/schema.h"
#include "spec/tree.h"

namespace stack::spec {

/// One overload per type of member in the model.
void read(const Node& node, std::string& value);
void read(const Node& node, bool& value);
void read(const Node& node, int& value);
void read(const Node& node, double& value);
void read(const Node& node, std::uint16_t& value);
void read(const Node& node, std::uint32_t& value);
void read(const Node& node, std::uint64_t& value);
void read(const Node& node, std::int64_t& value);
void read(const Node& node, std::chrono::nanoseconds& value);
void read(const Node& node, Strings& value);
void read(const Node& node, StringMap& value);
void read(const Node& node, Environment& value);
void read(const Node& node, Condition& value);
void read(const Node& node, MountType& value);
void read(const Node& node, RestartPolicy& value);
void read(const Node& node, Healthcheck& value);
void read(const Node& node, Dependency& value);
void read(const Node& node, Logging& value);
void read(const Node& node, NetworkAttachment& value);
void read(const Node& node, std::vector<VolumesFrom>& value);
void read(const Node& node, std::vector<Port>& value);
void read(const Node& node, std::vector<Link>& value);
void read(const Node& node, std::map<std::string, Dependency>& value);
void read(const Node& node, std::map<std::string, NetworkAttachment>& value);
void read(const Node& node, std::map<std::string, Ulimit>& value);
void read(const Node& node, std::vector<Device>& value);
void read(const Node& node, std::vector<FileReference>& value);
void read(const Node& node, Build& value);
void read(const Node& node, std::vector<Hook>& value);
void read(const Node& node, std::vector<PreStart>& value);
void read(const Node& node, SecurityOptions& value);
void read(const Node& node, BlockLimits& value);

template <typename Value>
void read(const Node& node, std::optional<Value>& value) {
  if (!node.is_null()) read(node, value.emplace());
}

/// One overload per plain type; others have words of their own in orchestrator/describe.cc.
inline std::optional<PlainValue> tell(const std::string& value) {
  return value.empty() ? std::nullopt : std::optional<PlainValue>(value);
}
inline std::optional<PlainValue> tell(const Strings& value) {
  return value.empty() ? std::nullopt : std::optional<PlainValue>(value);
}
inline std::optional<PlainValue> tell(const bool& value) {
  return value ? std::optional<PlainValue>(true) : std::nullopt;
}
std::optional<PlainValue> tell(const std::optional<std::chrono::nanoseconds>& value);
template <typename Value>
std::optional<PlainValue> tell(const std::optional<Value>& value) {
  if constexpr (std::is_constructible_v<PlainValue, Value>) {
    return value ? std::optional<PlainValue>(*value) : std::nullopt;
  } else {
    return std::nullopt;
  }
}
template <typename Value>
std::optional<PlainValue> tell(const Value&) {
  return std::nullopt;
}

/// Whether a container must be made anew when the value changes.
enum class Differs : bool { no, yes };

/// Binding of a row whose value goes to one member: into<&Service::image>.
template <auto Member>
struct Into;
template <typename Object, typename Value, Value Object::*Member>
struct Into<Member> {
  static void assign(void* object, const Node& node) {
    read(node, static_cast<Object*>(object)->*Member);
  }
  static std::optional<PlainValue> tell_member(const void* object) {
    return tell(static_cast<const Object*>(object)->*Member);
  }
};
template <auto Member, Differs differs = Differs::yes>
inline constexpr Binding into{&Into<Member>::assign,
                              differs == Differs::yes ? &Into<Member>::tell_member : nullptr};

// Rows whose value does not go to one member of its own kind (void*: Service or Network).
void assign_volumes(void* service, const Node& node);
void assign_tmpfs(void* service, const Node& node);
void assign_capabilities_added(void* service, const Node& node);
void assign_capabilities_dropped(void* service, const Node& node);
void assign_stop_signal(void* service, const Node& node);
void assign_storage(void* service, const Node& node);
void assign_provider(void* service, const Node& node);
void assign_ipam(void* network, const Node& node);
/// Rows that other stages have used up already: env_file, profiles at the top, name, version.
void assign_elsewhere(void* object, const Node& node);

/// The plain values of a service that make its container differ, by key, in the order of the rows.
std::vector<std::pair<std::string_view, PlainValue>> plain_values(const Service& service);

/// Calls the row's assign for every key of `node`.
void read_object(const Node& node, const Schema& schema, void* object);

/// Of a service that is built and names none: "shop-web".
std::string default_image(const Project& project, std::string_view service);

/// The whole project from a normalised tree. `sources` gets a place for every path.
Project decode_project(const Node& root, char name_separator = '-');

}  // namespace stack::spec
