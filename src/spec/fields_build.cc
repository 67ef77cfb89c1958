// SPDX-License-Identifier: Apache-2.0
// Keys of build and of hooks; those of develop are known and checked here, and read by `stack
// watch`.
#include "spec/decode.h"
#include "spec/expand.h"
#include "spec/schema.h"

namespace stack::spec {
namespace {

// --- build ---------------------------------------------------------------------------------------

constexpr Field kBuildUlimitFields[] = {
    {"soft", &kInteger, "The limit", into<&Ulimit::soft>},
    {"hard", &kInteger, "How far the limit may be raised", into<&Ulimit::hard>},
};
constexpr std::string_view kBuildUlimitKeys[] = {"soft", "hard"};
constexpr Schema kBuildUlimitSchema{"ulimit", kBuildUlimitFields, kBuildUlimitKeys};
constexpr Type kBuildUlimit{
    .form = Form::object, .schema = &kBuildUlimitSchema, .element = &kInteger};
constexpr Type kBuildUlimits{.form = Form::map_of, .element = &kBuildUlimit};
constexpr Field kBuildSecretFields[] = {
    {"source", &kText, "Name at the top level", into<&FileReference::source>},
    {"target", &kText, "Name in the build", into<&FileReference::target>},
    {"uid", &kText, "Owner", into<&FileReference::uid>},
    {"gid", &kText, "Group", into<&FileReference::gid>},
    {"mode", &kMode, "Mode of the file"},
};
constexpr Schema kBuildSecretSchema{"secret", kBuildSecretFields};
void assign_build_secrets(void* build, const Node& node) {
  for (const auto& item : node.items)
    read_object(item, kBuildSecretSchema, &static_cast<Build*>(build)->secrets.emplace_back());
}
constexpr Type kBuildSecret{.form = Form::object,
                            .schema = &kBuildSecretSchema,
                            .expand = expand_config,
                            .also = kAlsoText};
constexpr Type kBuildSecrets{.form = Form::list_of, .element = &kBuildSecret};
constexpr Type kListed{
    .form = Form::text_or_texts, .expand = expand_list, .also = kAlsoText, .is_set = true};
constexpr Type kStages{.form = Form::text_or_texts, .is_set = true};
constexpr Type kSsh{.form = Form::text_or_texts, .expand = expand_ssh, .also = kAlsoMapping};
constexpr Type kHosts{
    .form = Form::texts, .expand = expand_hosts, .refine = refine_hosts, .also = kAlsoMapping};
constexpr Type kContexts{.form = Form::text_map, .refine = refine_contexts};
constexpr Field kBuildFields[] = {
    {"context", &kPath, "Directory or repository with the sources", into<&Build::context>},
    {"dockerfile", &kText, "The Dockerfile", into<&Build::dockerfile>},
    {"dockerfile_inline", &kText, "The Dockerfile's text", into<&Build::dockerfile_inline>},
    {"args", &kEnvironment, "Values of ARG", into<&Build::args>},
    {"additional_contexts", &kContexts, "Further sources", into<&Build::additional_contexts>},
    {"cache_from", &kTexts, "Caches to read", into<&Build::cache_from>},
    {"cache_to", &kTexts, "Caches to write"},
    {"entitlements", &kTexts, "Further rights of the build"},
    {"extra_hosts", &kHosts, "Lines for /etc/hosts", into<&Build::extra_hosts>, Merge::distinct},
    {"isolation", &kText, "Windows only"},
    {"labels", &kTextMap, "Labels of the image", into<&Build::labels>},
    {"network", &kText, "Network of the build", into<&Build::network>},
    {"no_cache", &kLateBoolean, "Use no cache", into<&Build::no_cache>},
    {"no_cache_filter", &kStages, "Stages without cache", into<&Build::no_cache_filter>},
    {"platforms", &kTexts, "Systems to build for", into<&Build::platforms>},
    {"privileged", &kBoolean, "Build with all rights", into<&Build::privileged>},
    {"provenance", &kLooseText, "Attestation of the origin"},
    {"pull", &kBoolean, "Fetch base images anew", into<&Build::pull>},
    {"sbom", &kLooseText, "List of the image's software"},
    {"secrets", &kBuildSecrets, "Secret files", assign_build_secrets},
    {"shm_size", &kSize, "Size of /dev/shm", into<&Build::shm_size>},
    {"ssh", &kSsh, "SSH agents and keys", into<&Build::ssh>},
    {"tags", &kTexts, "Further names of the image", into<&Build::tags>, Merge::unique},
    {"target", &kText, "Stage to build", into<&Build::target>},
    {"ulimits", &kBuildUlimits, "Limits of processes", into<&Build::ulimits>},
};

// --- develop and hooks ---------------------------------------------------------------------------

constexpr Field kHookFields[] = {
    {"command", &kCommand, "The command", into<&Hook::command>},
    {"user", &kText, "Who runs it", into<&Hook::user>},
    {"privileged", &kBoolean, "With all rights", into<&Hook::privileged>},
    {"working_dir", &kText, "Where", into<&Hook::working_dir>},
    {"environment", &kEnvironment, "Environment variables", into<&Hook::environment>},
};
constexpr std::string_view kHookRequired[] = {"command"};
constexpr Type kExec{.form = Form::object, .schema = &kHookSchema};
constexpr std::string_view kActions[] = {"rebuild", "sync", "restart", "sync+restart", "sync+exec"};
constexpr Type kAction{.form = Form::text, .choices = kActions};
constexpr Field kWatchFields[] = {
    {"path", &kPath, "What to watch"},           {"action", &kAction, "What to do on a change"},
    {"target", &kText, "Where to copy it"},      {"ignore", &kListed, "What not to watch"},
    {"include", &kListed, "What to watch only"}, {"initial_sync", &kBoolean, "Copy at the start"},
    {"exec", &kExec, "Command to run"},
};
constexpr std::string_view kWatchRequired[] = {"path", "action"};
constexpr Schema kWatchSchema{"watch", kWatchFields, kWatchRequired};
constexpr Type kWatch{.form = Form::object, .schema = &kWatchSchema};
constexpr Type kWatches{.form = Form::list_of, .element = &kWatch};
constexpr Field kDevelopFields[] = {{"watch", &kWatches, "Directories to watch"}};

/// What it shares with other hooks.
template <auto Member>
void assign_run(void* step, const Node& node) {
  read(node, static_cast<PreStart*>(step)->run.*Member);
}
constexpr Field kPreStartFields[] = {
    {"image", &kText, "Image to run", into<&PreStart::image>},
    {"command", &kCommand, "The command", assign_run<&Hook::command>},
    {"user", &kText, "Who runs it", assign_run<&Hook::user>},
    {"privileged", &kBoolean, "With all rights", assign_run<&Hook::privileged>},
    {"working_dir", &kText, "Where", assign_run<&Hook::working_dir>},
    {"environment", &kEnvironment, "Environment variables", assign_run<&Hook::environment>},
    {"per_replica", &kBoolean, "Once for each container", into<&PreStart::per_replica>},
};

}  // namespace

constinit const Schema kBuildSchema{"build", kBuildFields};
constinit const Schema kDevelopSchema{"develop", kDevelopFields};
constinit const Schema kHookSchema{"hook", kHookFields, kHookRequired};
constinit const Schema kPreStartSchema{"pre_start", kPreStartFields, kHookRequired};

}  // namespace stack::spec
