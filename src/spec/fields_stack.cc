// SPDX-License-Identifier: Apache-2.0
#include "spec/fields_stack.h"

#include "spec/decode.h"

namespace stack::spec {
namespace {

// --- ready ---------------------------------------------------------------------------------------

constexpr Field kHttpFields[] = {
    {"url", &kText, "Address to ask, seen from the container"},
    {"status", &kInteger, "Status that means ready; any of 200 to 399 when left out"},
};
constexpr Schema kHttpSchema{"http", kHttpFields};
constexpr Type kHttp{
    .form = Form::object, .schema = &kHttpSchema, .element = &kText, .also = kAlsoText};
constexpr Field kReadyFields[] = {
    {"tcp", &kInteger, "Ready when something listens on this port of the container"},
    {"unix", &kText, "Ready when something listens on this socket of the container"},
    {"http", &kHttp, "Ready when this address answers"},
    {"log", &kText, "Ready when a line of its output matches this expression"},
    {"file", &kText, "Ready when this file is there"},
    {"exec", &kCommand, "Ready when this command ends with 0", nullptr, Merge::replace},
    {"notify", &kBoolean, "Ready when it says so itself (sd_notify)"},
    {"timeout", &kDuration, "Not ready for this long is a failure"},
};
constexpr Schema kReadySchema{"ready", kReadyFields};
constexpr std::string_view kReadyWords[] = {"auto"};
constexpr Type kReadyWord{.form = Form::text, .choices = kReadyWords};
constexpr Type kReady{.form = Form::object, .schema = &kReadySchema, .element = &kReadyWord};

// --- x-stack of a service ------------------------------------------------------------------------

constexpr std::string_view kAnonymousWords[] = {"keep", "drop"};
constexpr Type kAnonymous{.form = Form::text, .choices = kAnonymousWords};
constexpr std::string_view kIdmapWords[] = {"owner"};
constexpr Type kIdmap{.form = Form::text, .choices = kIdmapWords};

void assign_idmap(void* service, const Node& node) {
  static_cast<Service*>(service)->idmap_owner = node.text == "owner";
}

constexpr Field kStackServiceFields[] = {
    {"ready", &kReady, "When it counts as ready, without a health check: auto, or how to tell"},
    {"restart_unhealthy", &kBoolean, "Restart it when its health check fails"},
    {"anonymous", &kAnonymous, "keep: its anonymous volumes survive down"},
    {"idmap", &kIdmap, "owner: files it makes in bind mounts belong to the folder's owner",
     assign_idmap},
    {"on_change", &kText,
     "What a changed config or secret does: recreate, restart, none, or "
     "signal:NAME"},
};

}  // namespace

constinit const Schema kStackServiceSchema{"x-stack", kStackServiceFields};

void assign_stack_keys(void* service, const Node& node) {
  read_object(node, kStackServiceSchema, service);
}

}  // namespace stack::spec
