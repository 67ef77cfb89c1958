// SPDX-License-Identifier: Apache-2.0
// Resources of a service: deploy, requests for devices, limits of block devices. Rows of deploy
// that say what keys of the service itself say go to the same members.
#include "spec/decode.h"
#include "spec/expand.h"
#include "spec/fields_parts.h"

namespace stack::spec {
namespace {

/// A part of `deploy` whose values belong to the service as a whole.
template <const Schema& schema>
void assign_part(void* service, const Node& node) {
  read_object(node, schema, service);
}

// --- deploy --------------------------------------------------------------------------------------

constexpr Field kLimitFields[] = {
    {"cpus", &kLateNumber, "Processors", into<&Service::cpus>},
    {"memory", &kSize, "Memory", into<&Service::mem_limit>},
    {"pids", &kLateInteger, "Processes", into<&Service::pids_limit>},
};
constexpr Schema kLimitSchema{"limits", kLimitFields};
constexpr Type kLimits{.form = Form::object, .schema = &kLimitSchema};
constexpr Field kDiscreteFields[] = {
    {"kind", &kText, "Kind of resource"},
    {"value", &kLateNumber, "How many"},
};
constexpr Schema kDiscreteSchema{"discrete_resource_spec", kDiscreteFields};
constexpr Type kDiscrete{.form = Form::object, .schema = &kDiscreteSchema};
constexpr Field kGenericFields[] = {{"discrete_resource_spec", &kDiscrete, "A countable resource"}};
constexpr Schema kGenericSchema{"generic_resources", kGenericFields};
constexpr Type kGeneric{.form = Form::object, .schema = &kGenericSchema};
constexpr Type kGenerics{.form = Form::list_of, .element = &kGeneric};
constexpr Type kDeviceCount{
    .form = Form::integer, .expand = expand_count, .also = kAlsoText, .counts = Counts::if_merged};
constexpr Field kDeviceRequestFields[] = {
    {"capabilities", &kTextSet, "What the device must be able to do",
     into<&DeviceRequest::capabilities>},
    {"count", &kDeviceCount, "How many", into<&DeviceRequest::count>},
    {"device_ids", &kTextSet, "Which ones", into<&DeviceRequest::device_ids>},
    {"driver", &kText, "Whose devices", into<&DeviceRequest::driver>},
    {"options", &kTextMap, "Options of the driver", into<&DeviceRequest::options>},
};
constexpr std::string_view kDeviceRequestRequired[] = {"capabilities"};
constexpr Schema kDeviceRequestSchema{"devices", kDeviceRequestFields, kDeviceRequestRequired};
constexpr Type kDeviceRequest{
    .form = Form::object, .schema = &kDeviceRequestSchema, .refine = refine_device_request};
constexpr Type kDeviceRequests{.form = Form::list_of, .element = &kDeviceRequest};
void assign_reserved_devices(void* service, const Node& node) {
  auto& requests = static_cast<Service*>(service)->device_requests;
  const std::size_t before = requests.size();
  assign_device_requests(service, node);
  for (std::size_t i = before; i < requests.size(); ++i) requests[i].reserved = true;
}
constexpr Type kReservedPids{.form = Form::integer};
constexpr Field kReservationFields[] = {
    {"cpus", &kLateNumber, "Processors", nullptr, Merge::deep, nullptr, Lack::moot},
    {"memory", &kSize, "Memory", into<&Service::mem_reservation>},
    {"pids", &kReservedPids, "Processes"},
    {"generic_resources", &kGenerics, "Countable resources"},
    {"devices", &kDeviceRequests, "Devices", assign_reserved_devices},
};
constexpr Schema kReservationSchema{"reservations", kReservationFields};
constexpr Type kReservations{.form = Form::object, .schema = &kReservationSchema};
constexpr Field kResourceFields[] = {
    {"limits", &kLimits, "Most it may use", assign_part<kLimitSchema>},
    {"reservations", &kReservations, "What it shall have", assign_part<kReservationSchema>},
};
constexpr Schema kResourceSchema{"resources", kResourceFields};
constexpr Type kResources{.form = Form::object, .schema = &kResourceSchema};
/// Beside the words of the specification those of "restart", which mean the same here.
constexpr std::string_view kRestartConditions[] = {"none", "on-failure", "any",
                                                   "no",   "always",     "unless-stopped"};
constexpr Type kRestartCondition{
    .form = Form::text, .choices = kRestartConditions, .has_more_choices = true};
void assign_condition(void* policy, const Node& node) {
  using Kind = RestartPolicy::Kind;
  Kind& kind = static_cast<RestartPolicy*>(policy)->kind;
  // A variable that is not set asks for no restart, as with docker compose.
  const bool is_never = node.text.empty() || node.text == "none" || node.text == "no";
  kind = is_never                        ? Kind::no
         : node.text == "on-failure"     ? Kind::on_failure
         : node.text == "unless-stopped" ? Kind::unless_stopped
                                         : Kind::always;
}
constexpr Field kRestartPolicyFields[] = {
    {"condition", &kRestartCondition, "When to start it again", assign_condition},
    {"delay", &kDuration, "Time before that", into<&RestartPolicy::delay>},
    {"max_attempts", &kInteger, "How often", into<&RestartPolicy::max_attempts>},
    {"window", &kDuration, "Time after which it counts as started", into<&RestartPolicy::window>},
};
constexpr Schema kRestartPolicySchema{"restart_policy", kRestartPolicyFields};
void assign_restart_policy(void* service, const Node& node) {
  RestartPolicy policy;
  policy.kind = RestartPolicy::Kind::always;
  read_object(node, kRestartPolicySchema, &policy);
  static_cast<Service*>(service)->deploy_restart = policy;
}
constexpr Type kRestartPolicy{.form = Form::object, .schema = &kRestartPolicySchema};
constexpr std::string_view kOrders[] = {"start-first", "stop-first"};
constexpr Type kOrder{.form = Form::text, .choices = kOrders};
constexpr std::string_view kFailureActions[] = {"pause", "continue", "rollback"};
constexpr Type kFailureAction{
    .form = Form::text, .choices = kFailureActions, .has_more_choices = true};
void assign_order(void* config, const Node& node) {
  static_cast<UpdateConfig*>(config)->order =
      node.text == "start-first" ? UpdateOrder::start_first : UpdateOrder::stop_first;
}
void assign_failure_action(void* config, const Node& node) {
  static_cast<UpdateConfig*>(config)->failure_action =
      node.text == "continue"   ? FailureAction::go_on
      : node.text == "rollback" ? FailureAction::rollback
                                : FailureAction::pause;
}
constexpr Field kUpdateFields[] = {
    {"parallelism", &kInteger, "How many at once; 0: all", into<&UpdateConfig::parallelism>},
    {"delay", &kDuration, "Time between two", into<&UpdateConfig::delay>},
    {"failure_action", &kFailureAction, "What to do when one fails", assign_failure_action},
    {"monitor", &kDuration, "How long to watch each", into<&UpdateConfig::monitor>},
    {"max_failure_ratio", &kNumber, "Failures to bear", into<&UpdateConfig::max_failure_ratio>},
    {"order", &kOrder, "start-first or stop-first", assign_order},
};
constexpr Schema kUpdateSchema{"update_config", kUpdateFields};
constexpr Schema kRollbackSchema{"rollback_config", kUpdateFields};
void assign_update(void* service, const Node& node) {
  read_object(node, kUpdateSchema, &static_cast<Service*>(service)->update_config.emplace());
}
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
void assign_endpoint_mode(void* service, const Node& node) {
  static_cast<Service*>(service)->virtual_address = node.text == "vip";
}
constexpr Field kDeployFields[] = {
    {"mode", &kText, "replicated, global or a job", assign_elsewhere},
    {"endpoint_mode", &kText, "vip or dnsrr", assign_endpoint_mode},
    {"replicas", &kScale, "How many containers", into<&Service::scale, Differs::no>},
    {"labels", &kTextMap, "Labels of the service", assign_elsewhere},
    {"resources", &kResources, "Limits and reservations", assign_part<kResourceSchema>},
    {"restart_policy", &kRestartPolicy, "When to start it again", assign_restart_policy},
    {"update_config", &kUpdate, "How to update", assign_update},
    {"rollback_config", &kRollback, "How to go back"},
    {"placement", &kPlacement, "On which nodes", nullptr, Merge::deep, nullptr, Lack::moot},
};

// --- block devices -------------------------------------------------------------------------------

constexpr Field kRateFields[] = {
    {"path", &kText, "The device", into<&BlockRate::path>},
    {"rate", &kSize, "Bytes or operations a second", into<&BlockRate::value>},
};
constexpr Schema kRateSchema{"rate", kRateFields};
/// Rates and weights of devices differ in one key only; each member takes both.
void assign_rates(std::vector<BlockRate>& rates, const Schema& schema, const Node& node) {
  for (const Node& item : node.items) read_object(item, schema, &rates.emplace_back());
}
template <auto Member>
void assign_block_rates(void* limits, const Node& node) {
  assign_rates(static_cast<BlockLimits*>(limits)->*Member, kRateSchema, node);
}
constexpr Type kRate{.form = Form::object, .schema = &kRateSchema};
constexpr Type kRates{.form = Form::list_of, .element = &kRate};
constexpr Type kBlockWeight{
    .form = Form::integer, .refine = refine_block_weight, .counts = Counts::if_merged};
constexpr Field kWeightFields[] = {
    {"path", &kText, "The device", into<&BlockRate::path>},
    {"weight", &kBlockWeight, "10 to 1000", into<&BlockRate::value>},
};
constexpr Schema kWeightSchema{"weight", kWeightFields};
void assign_block_weights(void* limits, const Node& node) {
  assign_rates(static_cast<BlockLimits*>(limits)->weight_device, kWeightSchema, node);
}
constexpr Type kWeight{.form = Form::object, .schema = &kWeightSchema};
constexpr Type kWeights{.form = Form::list_of, .element = &kWeight};
constexpr Field kBlkioFields[] = {
    {"weight", &kBlockWeight, "10 to 1000", into<&BlockLimits::weight>},
    {"weight_device", &kWeights, "Weight of one device", assign_block_weights},
    {"device_read_bps", &kRates, "Bytes read a second", assign_block_rates<&BlockLimits::read_bps>},
    {"device_read_iops", &kRates, "Reads a second", assign_block_rates<&BlockLimits::read_iops>},
    {"device_write_bps", &kRates, "Bytes written a second",
     assign_block_rates<&BlockLimits::write_bps>},
    {"device_write_iops", &kRates, "Writes a second", assign_block_rates<&BlockLimits::write_iops>},
};

}  // namespace

constinit const Schema kDeploySchema{"deploy", kDeployFields};
constinit const Schema kBlkioSchema{"blkio_config", kBlkioFields};
constinit const Schema kGpuSchema{"gpus", kDeviceRequestFields};

void assign_deploy(void* service, const Node& node) {
  read_object(node, kDeploySchema, service);
}

void assign_device_requests(void* service, const Node& node) {
  auto& requests = static_cast<Service*>(service)->device_requests;
  for (const Node& item : node.items) read_object(item, kGpuSchema, &requests.emplace_back());
}

void read(const Node& node, BlockLimits& value) {
  read_object(node, kBlkioSchema, &value);
}

}  // namespace stack::spec
