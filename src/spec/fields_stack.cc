// SPDX-License-Identifier: Apache-2.0
#include "spec/fields_stack.h"

#include "spec/check_ready.h"
#include "spec/decode.h"
#include "spec/expand.h"
#include "spec/scalars.h"

namespace stack::spec {
namespace {

// --- ready ---------------------------------------------------------------------------------------

using Kind = Readiness::Kind;

void assign_url(void* ready, const Node& node) {
  const auto url = parse_ready_url(node.text);
  if (!url) return;
  auto& readiness = *static_cast<Readiness*>(ready);
  readiness.host = url->host;
  readiness.port = url->port;
  readiness.path = url->path;
}

constexpr Field kHttpFields[] = {
    {"url", &kText, "Address to ask, seen from the container", assign_url},
    {"port", &kInteger, "Instead of url: a port of the container", into<&Readiness::port>},
    {"path", &kText, "With port: what to ask for; / when left out", into<&Readiness::path>},
    {"status", &kInteger, "Status that means ready; any of 200 to 399 when left out",
     into<&Readiness::status>},
};
constexpr Schema kHttpSchema{"http", kHttpFields};
constexpr Type kHttp{
    .form = Form::object, .schema = &kHttpSchema, .element = &kText, .also = kAlsoText};

/// A row that says which kind it is.
template <Kind kind, auto Member>
void assign_kind(void* ready, const Node& node) {
  static_cast<Readiness*>(ready)->kind = kind;
  read(node, static_cast<Readiness*>(ready)->*Member);
}

void assign_http(void* ready, const Node& node) {
  auto& readiness = *static_cast<Readiness*>(ready);
  readiness.kind = Kind::http;
  readiness.host = "localhost";
  readiness.path = "/";
  if (node.is_string()) return assign_url(ready, node);
  read_object(node, kHttpSchema, ready);
}

void assign_notify(void* ready, const Node& node) {
  if (node.is_true()) static_cast<Readiness*>(ready)->kind = Kind::notify;
}

constexpr Field kReadyFields[] = {
    {"tcp", &kInteger, "Ready when something listens on this port of the container",
     assign_kind<Kind::listening, &Readiness::port>},
    {"unix", &kText, "Ready when something listens on this socket of the container",
     assign_kind<Kind::unix_socket, &Readiness::path>},
    {"http", &kHttp, "Ready when this address answers", assign_http},
    {"log", &kText, "Ready when a line of its output matches this expression",
     assign_kind<Kind::log, &Readiness::pattern>},
    {"count", &kInteger, "With log: how many lines must match", into<&Readiness::count>},
    {"file", &kText, "Ready when this file is there", assign_kind<Kind::file, &Readiness::path>},
    {"exec", &kCommand, "Ready when this command ends with 0",
     assign_kind<Kind::exec, &Readiness::command>, Merge::replace},
    {"notify", &kBoolean, "Ready when it says so itself (sd_notify)", assign_notify},
    {"timeout", &kDuration, "Not ready for this long (60s) is a failure; 0s: never",
     into<&Readiness::timeout>},
};
constexpr Schema kReadySchema{"ready", kReadyFields};
constexpr std::string_view kReadyWords[] = {"auto"};
constexpr Type kReadyWord{.form = Form::text, .choices = kReadyWords};
constexpr Type kReady{.form = Form::object, .schema = &kReadySchema, .element = &kReadyWord};

void assign_ready(void* service, const Node& node) {
  read_object(node, kReadySchema, &static_cast<Service*>(service)->ready.emplace());
}

// --- x-stack of a service ------------------------------------------------------------------------

constexpr std::string_view kAnonymousWords[] = {"keep", "drop"};
constexpr Type kAnonymous{.form = Form::text, .choices = kAnonymousWords};

void assign_anonymous(void* service, const Node& node) {
  static_cast<Service*>(service)->keeps_anonymous = node.text == "keep";
}

constexpr std::string_view kIdmapWords[] = {"owner"};
constexpr Type kIdmap{.form = Form::text, .choices = kIdmapWords};

void assign_idmap(void* service, const Node& node) {
  static_cast<Service*>(service)->idmap_owner = node.text == "owner";
}

constexpr Type kOnChange{.form = Form::text, .refine = refine_on_change};

void assign_on_change(void* service, const Node& node) {
  const auto said = parse_on_change(node.text);
  if (!said) return;
  const auto& [word, signal] = *said;
  static_cast<Service*>(service)->on_change = {word == "restart"  ? OnChange::Kind::restart
                                               : word == "signal" ? OnChange::Kind::signal
                                               : word == "none"   ? OnChange::Kind::none
                                                                  : OnChange::Kind::recreate,
                                               signal};
}

constexpr Field kStackServiceFields[] = {
    {"ready", &kReady, "When it counts as ready, without a health check: auto, or how to tell",
     assign_ready},
    {"restart_unhealthy", &kBoolean, "Restart it when its health check fails",
     into<&Service::restart_unhealthy>},
    {"anonymous", &kAnonymous, "keep: its anonymous volumes survive down", assign_anonymous},
    {"idmap", &kIdmap, "owner: files it makes in bind mounts belong to the folder's owner",
     assign_idmap},
    {"on_change", &kOnChange,
     "What a changed config or secret does: recreate, restart, none, or "
     "signal:NAME",
     assign_on_change},
};

// --- x-stack of a network ------------------------------------------------------------------------

constexpr Field kStackNetworkFields[] = {
    {"shared", &kBoolean, "Make it if no stack has it, remove it with the last that uses it",
     into<&Network::shared>},
};

}  // namespace

constinit const Schema kStackServiceSchema{"x-stack", kStackServiceFields};
constinit const Schema kStackNetworkSchema{"x-stack", kStackNetworkFields};

void assign_stack_network_keys(void* network, const Node& node) {
  read_object(node, kStackNetworkSchema, network);
}

void assign_stack_keys(void* service, const Node& node) {
  read_object(node, kStackServiceSchema, service);
}

}  // namespace stack::spec
