// SPDX-License-Identifier: Apache-2.0
// Every key of a service. A row without an assign is known but has no effect yet.
#include "spec/decode.h"
#include "spec/expand.h"
#include "spec/fields_parts.h"
#include "spec/fields_stack.h"
#include "spec/identity.h"
#include "spec/schema.h"

namespace stack::spec {
namespace {

constexpr Type kBuild{
    .form = Form::object, .schema = &kBuildSchema, .expand = expand_build, .also = kAlsoText};
constexpr Type kDeploy{.form = Form::object, .schema = &kDeploySchema, .may_be_null = true};
constexpr Type kDevelop{.form = Form::object, .schema = &kDevelopSchema, .may_be_null = true};
constexpr Type kHealthcheckType{.form = Form::object, .schema = &kHealthcheckSchema};
constexpr Type kDependency{.form = Form::object, .schema = &kDependencySchema};
constexpr Type kDependsOn{
    .form = Form::map_of, .element = &kDependency, .expand = expand_depends_on, .also = kAlsoTexts};
constexpr Type kAttachment{.form = Form::object, .schema = &kAttachmentSchema, .may_be_null = true};
constexpr Type kNetworks{.form = Form::map_of,
                         .element = &kAttachment,
                         .expand = expand_names,
                         .also = kAlsoTexts,
                         .counts = Counts::if_active};
constexpr Type kPort{.form = Form::object,
                     .schema = &kPortSchema,
                     .refine = refine_port,
                     .also = kAlsoText | kAlsoNumber};
constexpr Type kPorts{.form = Form::list_of, .element = &kPort, .expand = expand_ports};
constexpr Type kMount{.form = Form::object,
                      .schema = &kMountSchema,
                      .expand = expand_mount,
                      .refine = refine_mount,
                      .also = kAlsoText};
constexpr Type kMounts{.form = Form::list_of, .element = &kMount};
constexpr Type kExpose{.form = Form::loose_texts, .refine = refine_expose};
constexpr Type kAttach{.form = Form::boolean, .prints_zero = true, .counts = Counts::if_merged};
constexpr Type kRestart{.form = Form::any, .refine = refine_restart};
constexpr Type kContainerName{.form = Form::text, .refine = refine_container_name};
constexpr Type kRefreshAfter{.form = Form::text, .refine = refine_period};
constexpr Type kPullPolicy{.form = Form::text, .refine = refine_pull_policy};
constexpr Type kSignal{.form = Form::text, .refine = refine_signal};
constexpr Type kCapabilities{.form = Form::texts, .refine = refine_capabilities};
constexpr Type kMacAddress{.form = Form::text, .refine = refine_mac};
constexpr Type kCpus{.form = Form::number, .refine = refine_cpus, .counts = Counts::always};
constexpr Type kGroups{.form = Form::loose_texts, .is_set = true};
constexpr Type kExtraHosts{
    .form = Form::texts, .expand = expand_hosts, .refine = refine_hosts, .also = kAlsoMapping};

constexpr std::string_view kEnvFormats[] = {"raw", ""};
constexpr Type kEnvFormat{.form = Form::text, .choices = kEnvFormats, .counts = Counts::if_active};
constexpr Field kEnvFileFields[] = {
    {"path", &kPath, "The file", assign_elsewhere},
    {"required", &kSwitch, "Fail when it is missing", assign_elsewhere},
    {"format", &kEnvFormat, "raw: no quotes, no variables", assign_elsewhere},
};
constexpr std::string_view kEnvFileRequired[] = {"path"};
constexpr Schema kEnvFileSchema{"env_file", kEnvFileFields, kEnvFileRequired};
constexpr Type kEnvFile{.form = Form::object, .schema = &kEnvFileSchema, .also = kAlsoText};
constexpr Type kEnvFiles{
    .form = Form::list_of, .element = &kEnvFile, .expand = expand_env_files, .also = kAlsoText};

constexpr Type kExtendedFile{.form = Form::text, .refine = refine_extended_file};
constexpr Field kExtendsFields[] = {
    {"service", &kText, "The service to start from", assign_elsewhere},
    {"file", &kExtendedFile, "The file it is in", assign_elsewhere},
};
constexpr Schema kExtendsSchema{"extends", kExtendsFields};
constexpr Type kExtends{
    .form = Form::object, .schema = &kExtendsSchema, .expand = expand_extends, .also = kAlsoText};

constexpr Type kOwnerId{.form = Form::text, .refine = refine_owner_id};
constexpr Field kFileReferenceFields[] = {
    {"source", &kText, "Name at the top level", into<&FileReference::source>},
    {"target", &kText, "Path in the container", into<&FileReference::target>},
    {"uid", &kOwnerId, "Owner", into<&FileReference::uid>},
    {"gid", &kOwnerId, "Group", into<&FileReference::gid>},
    {"mode", &kMode, "Mode of the file", assign_file_mode},
};
constexpr Schema kSecretReferenceSchema{"secret", kFileReferenceFields};
constexpr Schema kConfigReferenceSchema{"config", kFileReferenceFields};
constexpr Type kSecretReference{.form = Form::object,
                                .schema = &kSecretReferenceSchema,
                                .expand = expand_secret,
                                .also = kAlsoText};
constexpr Type kSecrets{.form = Form::list_of, .element = &kSecretReference};
constexpr Type kConfigReference{.form = Form::object,
                                .schema = &kConfigReferenceSchema,
                                .expand = expand_config,
                                .also = kAlsoText};
constexpr Type kConfigs{.form = Form::list_of, .element = &kConfigReference};

constexpr Type kDevicePermissions{.form = Form::text, .refine = refine_device_permissions};
constexpr Field kDeviceFields[] = {
    {"source", &kText, "Device of the host", into<&Device::source>},
    {"target", &kText, "Path in the container", into<&Device::target>},
    {"permissions", &kDevicePermissions, "r, w and m", into<&Device::permissions>},
};
constexpr std::string_view kDeviceRequired[] = {"source"};
constexpr Type kDevice{.form = Form::object,
                       .schema = &kDeviceSchema,
                       .expand = expand_device,
                       .refine = refine_device,
                       .also = kAlsoText};
constexpr Type kDevices{.form = Form::list_of, .element = &kDevice};

constexpr Field kUlimitFields[] = {
    {"soft", &kInteger, "The limit", into<&Ulimit::soft>},
    {"hard", &kInteger, "How far the limit may be raised", into<&Ulimit::hard>},
};
constexpr std::string_view kUlimitKeys[] = {"soft", "hard"};
constexpr Type kUlimit{.form = Form::object, .schema = &kUlimitSchema, .element = &kInteger};
constexpr Type kUlimits{.form = Form::map_of, .element = &kUlimit, .refine = refine_ulimits};

constexpr Field kLoggingFields[] = {
    {"driver", &kText, "json-file, local or none", into<&Logging::driver>},
    {"options", &kOptions, "Options of the driver", into<&Logging::options>},
};
}  // namespace
constinit const Schema kLoggingSchema{"logging", kLoggingFields};
namespace {
constexpr Type kLogging{.form = Form::object, .schema = &kLoggingSchema};

constexpr Field kCredentialFields[] = {
    {"config", &kText, "Config that holds it"},
    {"file", &kText, "File that holds it"},
    {"registry", &kText, "Registry entry that holds it"},
};
constexpr Schema kCredentialSchema{"credential_spec", kCredentialFields};
constexpr Type kCredential{.form = Form::object, .schema = &kCredentialSchema};

constexpr Type kProviderOption{.form = Form::loose_texts, .also = kAlsoText | kAlsoNumber};
constexpr Type kProviderOptions{
    .form = Form::map_of, .element = &kProviderOption, .expand = expand_options};
constexpr Field kProviderFields[] = {
    {"type", &kText, "Program that provides the service", assign_elsewhere},
    {"options", &kProviderOptions, "Its options", assign_elsewhere},
};
constexpr std::string_view kProviderRequired[] = {"type"};
constexpr Schema kProviderSchema{"provider", kProviderFields, kProviderRequired};
constexpr Type kProvider{.form = Form::object, .schema = &kProviderSchema};

constexpr Field kModelUseFields[] = {
    {"endpoint_var", &kText, "Variable that gets the address"},
    {"model_var", &kText, "Variable that gets the name"},
};
constexpr Schema kModelUseSchema{"model", kModelUseFields};
constexpr Type kModelUse{.form = Form::object, .schema = &kModelUseSchema, .may_be_null = true};
constexpr Type kModels{
    .form = Form::map_of, .element = &kModelUse, .expand = expand_names, .also = kAlsoTexts};

constexpr Type kBlkio{.form = Form::object, .schema = &kBlkioSchema};
constexpr Type kHook{.form = Form::object, .schema = &kHookSchema};
constexpr Type kHooks{.form = Form::list_of, .element = &kHook};
constexpr Type kPreStart{.form = Form::object, .schema = &kPreStartSchema};
constexpr Type kPreStarts{.form = Form::list_of, .element = &kPreStart};
constexpr Type kGpu{.form = Form::object, .schema = &kGpuSchema, .refine = refine_device_request};
constexpr Type kGpus{
    .form = Form::list_of, .element = &kGpu, .expand = expand_gpus, .also = kAlsoText};

constexpr Type kStackService{.form = Form::object, .schema = &kStackServiceSchema};
constexpr Type kLabelFiles{
    .form = Form::list_of, .element = &kPath, .expand = expand_list, .also = kAlsoText};
constexpr Type kStorageOptions{.form = Form::options, .refine = refine_storage_options};
constexpr Type kSysctls{.form = Form::text_map, .refine = refine_sysctls};
constexpr Type kSecurityOptions{
    .form = Form::texts, .refine = refine_security_options, .is_set = true};
constexpr Type kDeviceRules{.form = Form::texts, .refine = refine_device_rules, .is_set = true};
constexpr Type kOomScore{
    .form = Form::integer, .refine = refine_oom_score, .counts = Counts::always};
constexpr Type kNameServers{.form = Form::text_or_texts,
                            .expand = expand_name_servers,
                            .refine = refine_name_servers,
                            .also = kAlsoText};
constexpr Type kCpuset{.form = Form::text, .refine = refine_cpuset};
constexpr Type kMicroseconds{
    .form = Form::integer, .refine = refine_microseconds, .counts = Counts::always};
constexpr std::string_view kCgroups[] = {"host", "private"};
constexpr Type kCgroup{.form = Form::text, .choices = kCgroups};

constexpr Field kServiceFields[] = {
    {"image", &kText, "Image to run", into<&Service::image>},
    {"build", &kBuild, "How to build the image", into<&Service::build, Differs::no>},
    {"command", &kCommand, "Arguments, instead of the image's", into<&Service::command>,
     Merge::replace},
    {"entrypoint", &kCommand, "Program, instead of the image's", into<&Service::entrypoint>,
     Merge::replace},
    {"environment", &kEnvironment, "Environment variables", into<&Service::environment>},
    {"env_file", &kEnvFiles, "Files with environment variables", assign_elsewhere, Merge::keyed,
     path_identity},
    {"ports", &kPorts, "Ports to publish on the host", into<&Service::ports>, Merge::keyed,
     port_identity},
    {"volumes", &kMounts, "Volumes, host paths and tmpfs to mount", assign_volumes, Merge::keyed,
     target_identity},
    {"depends_on", &kDependsOn, "Services that must be up first", into<&Service::depends_on>},
    {"networks", &kNetworks, "Networks to join", into<&Service::networks>},
    {"restart", &kRestart, "When to start it again", into<&Service::restart>},
    {"healthcheck", &kHealthcheckType, "How to tell that it is healthy",
     into<&Service::healthcheck>},
    {"container_name", &kContainerName, "Fixed name of the container",
     into<&Service::container_name, Differs::no>},
    {"labels", &kTextMap, "Labels of the container", into<&Service::labels>},
    {"user", &kText, "User and group to run as", into<&Service::user>},
    {"working_dir", &kText, "Directory to start in", into<&Service::working_dir>},
    {"hostname", &kText, "Host name in the container", into<&Service::hostname>},
    {"domainname", &kText, "Domain name in the container", into<&Service::domainname>},
    {"volumes_from", &kTextSet, "Services whose mounts are taken over",
     into<&Service::volumes_from>},
    {"tmpfs", &kTextOrTexts, "Directories in memory", assign_tmpfs, Merge::unique},
    {"expose", &kExpose, "Ports the container listens on", into<&Service::expose>, Merge::unique},
    {"network_mode", &kText, "none, host or bridge, instead of networks",
     into<&Service::network_mode>},
    {"links", &kTexts, "Other names for services, here only", into<&Service::links>, Merge::unique},
    {"stop_signal", &kSignal, "Signal that asks it to stop", assign_stop_signal},
    {"stop_grace_period", &kDuration, "Time between that signal and killing",
     into<&Service::stop_grace_period>},
    {"init", &kSwitch, "Run an init as process 1", into<&Service::init>},
    {"tty", &kBoolean, "Give it a terminal", into<&Service::tty>},
    {"stdin_open", &kBoolean, "Keep standard input open", into<&Service::stdin_open>},
    {"attach", &kAttach, "Show its output on up", into<&Service::attach, Differs::no>},
    {"cap_add", &kCapabilities, "Capabilities to add", assign_capabilities_added, Merge::unique},
    {"cap_drop", &kCapabilities, "Capabilities to take away", assign_capabilities_dropped,
     Merge::unique},
    {"privileged", &kBoolean, "All rights of the host's root", into<&Service::privileged>},
    {"read_only", &kBoolean, "Root file system cannot be written", into<&Service::read_only>},
    {"mem_limit", &kSize, "Most memory it may use", into<&Service::mem_limit>},
    {"cpus", &kCpus, "Most processors it may use", into<&Service::cpus>},
    {"pids_limit", &kInteger, "Most processes it may have", into<&Service::pids_limit>},
    {"scale", &kScale, "How many containers", into<&Service::scale, Differs::no>},
    {"profiles", &kTexts, "Profiles that switch it on", into<&Service::profiles, Differs::no>,
     Merge::unique},
    {"extends", &kExtends, "Another service to start from", assign_elsewhere},
    {"x-stack", &kStackService, "Keys that only stack has", assign_stack_keys},

    {"annotations", &kTextMap, "Annotations of the container", into<&Service::annotations>},
    {"blkio_config", &kBlkio, "Limits of block devices", into<&Service::blkio_config>},
    {"cgroup", &kCgroup, "Whose cgroup namespace", into<&Service::cgroup>},
    {"cgroup_parent", &kText, "Parent cgroup", into<&Service::cgroup_parent>},
    {"configs", &kConfigs, "Configuration files", into<&Service::configs>, Merge::keyed,
     config_identity},
    {"cpu_count", &kInteger, "Windows only"},
    {"cpu_percent", &kNumber, "Windows only"},
    {"cpu_period", &kMicroseconds, "Period of the processor limit", into<&Service::cpu_period>},
    {"cpu_quota", &kMicroseconds, "Time per period", into<&Service::cpu_quota>},
    {"cpu_rt_period", &kMicroseconds, "Real-time period", into<&Service::cpu_rt_period>},
    {"cpu_rt_runtime", &kMicroseconds, "Real-time budget", into<&Service::cpu_rt_runtime>},
    {"cpu_shares", &kInteger, "Share when processors are busy", into<&Service::cpu_shares>},
    {"cpuset", &kCpuset, "Processors it may run on", into<&Service::cpuset>},
    {"credential_spec", &kCredential, "Windows only"},
    {"deploy", &kDeploy, "Replicas, resources, updates", assign_deploy},
    {"develop", &kDevelop, "What to do when sources change", nullptr, Merge::deep, nullptr,
     Lack::none},
    {"device_cgroup_rules", &kDeviceRules, "Rules for devices", into<&Service::device_cgroup_rules>,
     Merge::distinct},
    {"devices", &kDevices, "Devices of the host", into<&Service::devices>, Merge::keyed,
     target_identity},
    {"dns", &kNameServers, "Name servers", into<&Service::dns>, Merge::unique},
    {"dns_opt", &kTexts, "Resolver options", into<&Service::dns_opt>, Merge::unique},
    {"dns_search", &kTextOrTexts, "Search domains", into<&Service::dns_search>, Merge::unique},
    {"external_links", &kTextSet, "Other names for foreign containers",
     into<&Service::external_links>, Merge::distinct},
    {"extra_hosts", &kExtraHosts, "Lines for /etc/hosts", into<&Service::extra_hosts>,
     Merge::distinct},
    {"gpus", &kGpus, "Graphics processors", assign_device_requests},
    {"group_add", &kGroups, "Further groups", into<&Service::group_add>, Merge::distinct},
    {"ipc", &kText, "Whose IPC namespace", into<&Service::ipc>},
    {"isolation", &kText, "Windows only"},
    {"label_file", &kLabelFiles, "Files with labels", assign_elsewhere, Merge::unique},
    {"logging", &kLogging, "Where the output goes, and how much is kept", into<&Service::logging>,
     Merge::driver},
    {"mac_address", &kMacAddress, "Hardware address in the first network",
     into<&Service::mac_address>},
    {"mem_reservation", &kSize, "Memory it shall keep", into<&Service::mem_reservation>},
    {"mem_swappiness", &kSize, "How readily it is swapped", into<&Service::mem_swappiness>},
    {"memswap_limit", &kSignedSize, "Most memory and swap together", into<&Service::memswap_limit>},
    {"models", &kModels, "AI models", nullptr, Merge::deep, nullptr, Lack::harmful},
    {"oom_kill_disable", &kBoolean, "Never kill it for memory", into<&Service::oom_kill_disable>},
    {"oom_score_adj", &kOomScore, "How soon it is killed for memory",
     into<&Service::oom_score_adj>},
    {"pid", &kText, "Whose PID namespace", into<&Service::pid>},
    {"platform", &kText, "System and processor of the image", into<&Service::platform>},
    {"post_start", &kHooks, "Commands after the start", into<&Service::post_start>},
    {"pre_start", &kPreStarts, "Containers to run first", into<&Service::pre_start>},
    {"pre_stop", &kHooks, "Commands before the stop", into<&Service::pre_stop>},
    {"provider", &kProvider, "Program that provides the service", assign_provider},
    {"pull_policy", &kPullPolicy, "When to fetch the image",
     into<&Service::pull_policy, Differs::no>},
    {"pull_refresh_after", &kRefreshAfter, "With pull_policy: refresh, when to fetch it again",
     into<&Service::pull_refresh_after, Differs::no>},
    {"runtime", &kText, "The runtime: native, runc or crun are this one", assign_elsewhere},
    {"secrets", &kSecrets, "Secret files", into<&Service::secrets>, Merge::keyed, target_identity},
    {"security_opt", &kSecurityOptions, "Security options", into<&Service::security>,
     Merge::distinct},
    {"shm_size", &kSize, "Size of /dev/shm", into<&Service::shm_size>},
    {"storage_opt", &kStorageOptions, "Options of the storage: size", assign_storage},
    {"sysctls", &kSysctls, "Kernel parameters", into<&Service::sysctls>},
    {"ulimits", &kUlimits, "Limits of processes", into<&Service::ulimits>},
    {"use_api_socket", &kBoolean, "Give it the engine's socket"},
    {"userns_mode", &kText, "Whose ids: host, auto or auto:size=N", into<&Service::userns_mode>},
    {"uts", &kText, "Whose UTS namespace", into<&Service::uts>},
};

}  // namespace

constinit const Schema kServiceSchema{"service", kServiceFields};
constinit const Schema kUlimitSchema{"ulimit", kUlimitFields, kUlimitKeys};
constinit const Schema kDeviceSchema{"device", kDeviceFields, kDeviceRequired};
constinit const Schema kFileReferenceSchema{"file", kFileReferenceFields};

}  // namespace stack::spec
