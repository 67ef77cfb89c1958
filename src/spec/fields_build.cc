// SPDX-License-Identifier: Apache-2.0
// Keys of build, deploy, develop, hooks and block device limits: known, checked, without effect
// yet.
#include "spec/expand.h"
#include "spec/schema.h"

namespace stack::spec {
namespace {

// --- build ---------------------------------------------------------------------------------------

constexpr Field kUlimitFields[] = {
    {"soft", &kInteger, "The limit"},
    {"hard", &kInteger, "How far the limit may be raised"},
};
constexpr std::string_view kUlimitKeys[] = {"soft", "hard"};
constexpr Schema kUlimitSchema{"ulimit", kUlimitFields, kUlimitKeys};
constexpr Type kUlimit{.form = Form::object, .schema = &kUlimitSchema, .element = &kInteger};
constexpr Type kUlimits{.form = Form::map_of, .element = &kUlimit};
constexpr Field kSecretFields[] = {
    {"source", &kText, "Name at the top level"},
    {"target", &kText, "Name in the build"},
    {"uid", &kText, "Owner"},
    {"gid", &kText, "Group"},
    {"mode", &kMode, "Mode of the file"},
};
constexpr Schema kSecretSchemaOfBuild{"secret", kSecretFields};
constexpr Type kBuildSecret{.form = Form::object,
                            .schema = &kSecretSchemaOfBuild,
                            .expand = expand_config,
                            .also = kAlsoText};
constexpr Type kBuildSecrets{.form = Form::list_of, .element = &kBuildSecret};
constexpr Type kListed{
    .form = Form::text_or_texts, .expand = expand_list, .also = kAlsoText, .is_set = true};
constexpr Type kStages{.form = Form::text_or_texts, .is_set = true};
constexpr Type kSsh{.form = Form::text_or_texts, .expand = expand_ssh, .also = kAlsoMapping};
constexpr Type kHosts{.form = Form::texts, .expand = expand_hosts, .also = kAlsoMapping};
constexpr Type kContexts{.form = Form::text_map, .refine = refine_contexts};
constexpr Field kBuildFields[] = {
    {"context", &kPath, "Directory or repository with the sources"},
    {"dockerfile", &kText, "The Dockerfile"},
    {"dockerfile_inline", &kText, "The Dockerfile's text"},
    {"args", &kEnvironment, "Values of ARG"},
    {"additional_contexts", &kContexts, "Further sources"},
    {"cache_from", &kTexts, "Caches to read"},
    {"cache_to", &kTexts, "Caches to write"},
    {"entitlements", &kTexts, "Further rights of the build"},
    {"extra_hosts", &kHosts, "Lines for /etc/hosts", nullptr, Merge::distinct},
    {"isolation", &kText, "Windows only"},
    {"labels", &kTextMap, "Labels of the image"},
    {"network", &kText, "Network of the build"},
    {"no_cache", &kBoolean, "Use no cache"},
    {"no_cache_filter", &kStages, "Stages without cache"},
    {"platforms", &kTexts, "Systems to build for"},
    {"privileged", &kBoolean, "Build with all rights"},
    {"provenance", &kLooseText, "Attestation of the origin"},
    {"pull", &kBoolean, "Fetch base images anew"},
    {"sbom", &kLooseText, "List of the image's software"},
    {"secrets", &kBuildSecrets, "Secret files"},
    {"shm_size", &kSize, "Size of /dev/shm"},
    {"ssh", &kSsh, "SSH agents"},
    {"tags", &kTexts, "Further names of the image", nullptr, Merge::unique},
    {"target", &kText, "Stage to build"},
    {"ulimits", &kUlimits, "Limits of processes"},
};

// --- deploy --------------------------------------------------------------------------------------

constexpr Field kLimitFields[] = {
    {"cpus", &kNumber, "Processors"},
    {"memory", &kSize, "Memory"},
    {"pids", &kInteger, "Processes"},
};
constexpr Schema kLimitSchema{"limits", kLimitFields};
constexpr Type kLimits{.form = Form::object, .schema = &kLimitSchema};
constexpr Field kDiscreteFields[] = {
    {"kind", &kText, "Kind of resource"},
    {"value", &kNumber, "How many"},
};
constexpr Schema kDiscreteSchema{"discrete_resource_spec", kDiscreteFields};
constexpr Type kDiscrete{.form = Form::object, .schema = &kDiscreteSchema};
constexpr Field kGenericFields[] = {{"discrete_resource_spec", &kDiscrete, "A countable resource"}};
constexpr Schema kGenericSchema{"generic_resources", kGenericFields};
constexpr Type kGeneric{.form = Form::object, .schema = &kGenericSchema};
constexpr Type kGenerics{.form = Form::list_of, .element = &kGeneric};
constexpr Type kDeviceCount{.form = Form::integer, .expand = expand_count, .also = kAlsoText};
constexpr Field kDeviceRequestFields[] = {
    {"capabilities", &kTextSet, "What the device must be able to do"},
    {"count", &kDeviceCount, "How many"},
    {"device_ids", &kTextSet, "Which ones"},
    {"driver", &kText, "Whose devices"},
    {"options", &kTextMap, "Options of the driver"},
};
constexpr std::string_view kDeviceRequestRequired[] = {"capabilities"};
constexpr Schema kDeviceRequestSchema{"devices", kDeviceRequestFields, kDeviceRequestRequired};
constexpr Type kDeviceRequest{
    .form = Form::object, .schema = &kDeviceRequestSchema, .refine = refine_device_request};
constexpr Type kDeviceRequests{.form = Form::list_of, .element = &kDeviceRequest};
constexpr Field kReservationFields[] = {
    {"cpus", &kNumber, "Processors"},
    {"memory", &kSize, "Memory"},
    {"pids", &kInteger, "Processes"},
    {"generic_resources", &kGenerics, "Countable resources"},
    {"devices", &kDeviceRequests, "Devices"},
};
constexpr Schema kReservationSchema{"reservations", kReservationFields};
constexpr Type kReservations{.form = Form::object, .schema = &kReservationSchema};
constexpr Field kResourceFields[] = {
    {"limits", &kLimits, "Most it may use"},
    {"reservations", &kReservations, "What it shall have"},
};
constexpr Schema kResourceSchema{"resources", kResourceFields};
constexpr Type kResources{.form = Form::object, .schema = &kResourceSchema};
constexpr Field kRestartPolicyFields[] = {
    {"condition", &kText, "When to start it again"},
    {"delay", &kDuration, "Time before that"},
    {"max_attempts", &kInteger, "How often"},
    {"window", &kDuration, "Time after which it counts as started"},
};
constexpr Schema kRestartPolicySchema{"restart_policy", kRestartPolicyFields};
constexpr Type kRestartPolicy{.form = Form::object, .schema = &kRestartPolicySchema};
constexpr std::string_view kOrders[] = {"start-first", "stop-first"};
constexpr Type kOrder{.form = Form::text, .choices = kOrders};
constexpr Field kUpdateFields[] = {
    {"parallelism", &kInteger, "How many at once"},
    {"delay", &kDuration, "Time between two"},
    {"failure_action", &kText, "What to do when one fails"},
    {"monitor", &kDuration, "How long to watch each"},
    {"max_failure_ratio", &kNumber, "Failures to bear"},
    {"order", &kOrder, "start-first or stop-first"},
};
constexpr Schema kUpdateSchema{"update_config", kUpdateFields};
constexpr Schema kRollbackSchema{"rollback_config", kUpdateFields};
constexpr Type kUpdate{.form = Form::object, .schema = &kUpdateSchema};
constexpr Type kRollback{.form = Form::object, .schema = &kRollbackSchema};
constexpr Field kPreferenceFields[] = {{"spread", &kText, "Label to spread over"}};
constexpr Schema kPreferenceSchema{"preferences", kPreferenceFields};
constexpr Type kPreference{.form = Form::object, .schema = &kPreferenceSchema};
constexpr Type kPreferences{.form = Form::list_of, .element = &kPreference};
constexpr Field kPlacementFields[] = {
    {"constraints", &kTexts, "Which nodes"},
    {"preferences", &kPreferences, "How to spread"},
    {"max_replicas_per_node", &kInteger, "Most on one node"},
};
constexpr Schema kPlacementSchema{"placement", kPlacementFields};
constexpr Type kPlacement{.form = Form::object, .schema = &kPlacementSchema};
constexpr Field kDeployFields[] = {
    {"mode", &kText, "replicated, global or a job"},
    {"endpoint_mode", &kText, "vip or dnsrr"},
    {"replicas", &kInteger, "How many containers"},
    {"labels", &kTextMap, "Labels of the service"},
    {"resources", &kResources, "Limits and reservations"},
    {"restart_policy", &kRestartPolicy, "When to start it again"},
    {"update_config", &kUpdate, "How to update"},
    {"rollback_config", &kRollback, "How to go back"},
    {"placement", &kPlacement, "On which nodes"},
};

// --- develop and hooks ---------------------------------------------------------------------------

constexpr Field kHookFields[] = {
    {"command", &kCommand, "The command"},
    {"user", &kText, "Who runs it"},
    {"privileged", &kBoolean, "With all rights"},
    {"working_dir", &kText, "Where"},
    {"environment", &kEnvironment, "Environment variables"},
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

constexpr Field kPreStartFields[] = {
    {"image", &kText, "Image to run"},
    {"command", &kCommand, "The command"},
    {"user", &kText, "Who runs it"},
    {"privileged", &kBoolean, "With all rights"},
    {"working_dir", &kText, "Where"},
    {"environment", &kEnvironment, "Environment variables"},
    {"per_replica", &kBoolean, "Once for each container"},
};

// --- block devices -------------------------------------------------------------------------------

constexpr Field kRateFields[] = {
    {"path", &kText, "The device"},
    {"rate", &kSize, "Bytes or operations a second"},
};
constexpr Schema kRateSchema{"rate", kRateFields};
constexpr Type kRate{.form = Form::object, .schema = &kRateSchema};
constexpr Type kRates{.form = Form::list_of, .element = &kRate};
constexpr Field kWeightFields[] = {
    {"path", &kText, "The device"},
    {"weight", &kInteger, "10 to 1000"},
};
constexpr Schema kWeightSchema{"weight", kWeightFields};
constexpr Type kWeight{.form = Form::object, .schema = &kWeightSchema};
constexpr Type kWeights{.form = Form::list_of, .element = &kWeight};
constexpr Field kBlkioFields[] = {
    {"weight", &kInteger, "10 to 1000"},
    {"weight_device", &kWeights, "Weight of one device"},
    {"device_read_bps", &kRates, "Bytes read a second"},
    {"device_read_iops", &kRates, "Reads a second"},
    {"device_write_bps", &kRates, "Bytes written a second"},
    {"device_write_iops", &kRates, "Writes a second"},
};

}  // namespace

constinit const Schema kBuildSchema{"build", kBuildFields};
constinit const Schema kDeploySchema{"deploy", kDeployFields};
constinit const Schema kDevelopSchema{"develop", kDevelopFields};
constinit const Schema kHookSchema{"hook", kHookFields, kHookRequired};
constinit const Schema kPreStartSchema{"pre_start", kPreStartFields, kHookRequired};
constinit const Schema kBlkioSchema{"blkio_config", kBlkioFields};
constinit const Schema kGpuSchema{"gpus", kDeviceRequestFields};

}  // namespace stack::spec
