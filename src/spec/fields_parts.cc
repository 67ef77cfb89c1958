// SPDX-License-Identifier: Apache-2.0
// The objects inside a service: ports, mounts, health checks, dependencies, attachments.
#include "spec/fields_parts.h"

#include "spec/decode.h"
#include "spec/expand.h"

namespace stack::spec {
namespace {

// --- depends_on ----------------------------------------------------------------------------------

constexpr std::string_view kConditions[] = {"service_started", "service_healthy",
                                            "service_completed_successfully"};
constexpr Type kCondition{.form = Form::text, .choices = kConditions};
constexpr Type kRestarted{.form = Form::boolean};
constexpr Type kRequired{.form = Form::boolean, .prints_zero = true};
constexpr Field kDependencyFields[] = {
    {"condition", &kCondition, "State to wait for", into<&Dependency::condition>},
    {"restart", &kRestarted, "Restart this service when the other is replaced",
     into<&Dependency::restart>},
    {"required", &kRequired, "Fail when the other cannot start", into<&Dependency::required>},
};

constexpr std::string_view kDependencyRequired[] = {"condition"};

// --- healthcheck ---------------------------------------------------------------------------------

constexpr Type kHealthTest{.form = Form::texts, .expand = expand_health_test, .also = kAlsoText};
constexpr Field kHealthcheckFields[] = {
    {"test", &kHealthTest, "Command that tells whether the service is healthy",
     into<&Healthcheck::test>, Merge::replace},
    {"interval", &kDuration, "Time between two checks", into<&Healthcheck::interval>},
    {"timeout", &kDuration, "Time a check may take", into<&Healthcheck::timeout>},
    {"start_period", &kDuration, "Time in which failures do not count",
     into<&Healthcheck::start_period>},
    {"start_interval", &kDuration, "Time between checks during start_period",
     into<&Healthcheck::start_interval>},
    {"retries", &kNotNegativeInteger, "Failures in a row that make it unhealthy",
     into<&Healthcheck::retries>},
    {"disable", &kBoolean, "No check, not even the image's", into<&Healthcheck::disable>},
};

// --- ports ---------------------------------------------------------------------------------------

constexpr std::string_view kPortModes[] = {"host", "ingress"};
constexpr Type kPortMode{.form = Form::text, .choices = kPortModes, .has_more_choices = true};
constexpr Type kProtocol{.form = Form::text, .refine = refine_protocol};
constexpr Field kPortFields[] = {
    {"name", &kText, "A name for people", into<&Port::name>},
    {"mode", &kPortMode, "host or ingress", into<&Port::mode>},
    {"host_ip", &kText, "Address of the host to publish on", into<&Port::host_ip>},
    {"target", &kInteger, "Port in the container", into<&Port::target>},
    {"published", &kLooseText, "Port or range on the host", assign_published},
    {"protocol", &kProtocol, "tcp, udp or sctp", into<&Port::protocol>},
    {"app_protocol", &kText, "What is spoken on it", into<&Port::app_protocol>},
};

// --- mounts --------------------------------------------------------------------------------------

constexpr std::string_view kMountTypes[] = {"bind", "volume", "tmpfs", "cluster", "npipe", "image"};
constexpr std::string_view kRecursions[] = {"enabled", "disabled", "writable", "readonly"};
constexpr std::string_view kRelabels[] = {"z", "Z"};
constexpr Type kMountType{.form = Form::text, .choices = kMountTypes};
constexpr Type kRecursive{.form = Form::text, .choices = kRecursions};
constexpr Type kSelinux{.form = Form::text, .choices = kRelabels};

constexpr Field kBindFields[] = {
    {"propagation", &kText, "How later mounts spread", into<&Mount::propagation>},
    {"create_host_path", &kBoolean, "Make a missing source directory",
     into<&Mount::create_host_path>},
    {"recursive", &kRecursive, "Whether mounts below come along", assign_recursive},
    {"selinux", &kSelinux, "SELinux label", nullptr, Merge::deep, nullptr, Lack::moot},
};
constexpr Schema kBindSchema{"bind", kBindFields};
constexpr Field kVolumePartFields[] = {
    {"labels", &kTextMap, "Labels of an anonymous volume"},
    {"nocopy", &kBoolean, "Do not fill it from the image", into<&Mount::nocopy>},
    {"subpath", &kText, "Directory inside the volume", into<&Mount::subpath>},
};
constexpr Schema kVolumePartSchema{"volume", kVolumePartFields};
constexpr Type kTmpfsSize{
    .form = Form::size, .expand = refuse_fraction, .counts = Counts::if_merged};
constexpr Field kTmpfsFields[] = {
    {"size", &kTmpfsSize, "Most bytes it may hold", into<&Mount::tmpfs_size>},
    {"mode", &kTmpfsMode, "Mode of its root directory", into<&Mount::tmpfs_mode>},
};
constexpr Schema kTmpfsSchema{"tmpfs", kTmpfsFields};
constexpr Field kImagePartFields[] = {
    {"subpath", &kText, "Directory inside the image", into<&Mount::subpath>}};
constexpr Schema kImagePartSchema{"image", kImagePartFields};

void assign_bind(void* mount, const Node& node) {
  read_object(node, kBindSchema, mount);
}
void assign_volume_part(void* mount, const Node& node) {
  read_object(node, kVolumePartSchema, mount);
}
void assign_image_part(void* mount, const Node& node) {
  read_object(node, kImagePartSchema, mount);
}
void assign_tmpfs_part(void* mount, const Node& node) {
  read_object(node, kTmpfsSchema, mount);
}

constexpr Type kBind{.form = Form::object, .schema = &kBindSchema, .may_be_null = true};
constexpr Type kVolumePart{.form = Form::object, .schema = &kVolumePartSchema, .may_be_null = true};
constexpr Type kTmpfsPart{.form = Form::object, .schema = &kTmpfsSchema, .may_be_null = true};
constexpr Type kImagePart{.form = Form::object, .schema = &kImagePartSchema, .may_be_null = true};

constexpr Field kMountFields[] = {
    {"type", &kMountType, "bind, volume, tmpfs or image", into<&Mount::type>},
    {"source", &kText, "Path on the host, or name of a volume or image", into<&Mount::source>},
    {"target", &kText, "Path in the container", into<&Mount::target>},
    {"read_only", &kBoolean, "No writing", assign_read_only},
    {"consistency", &kText, "Without meaning on Linux", assign_elsewhere},
    {"bind", &kBind, "Options of a bind mount", assign_bind},
    {"volume", &kVolumePart, "Options of a volume", assign_volume_part},
    {"tmpfs", &kTmpfsPart, "Options of a tmpfs", assign_tmpfs_part},
    {"image", &kImagePart, "Options of an image mount", assign_image_part},
};

// --- networks of a service -----------------------------------------------------------------------

constexpr Type kIpv4{.form = Form::text, .refine = refine_ipv4};
constexpr Type kIpv6{.form = Form::text, .refine = refine_ipv6};
constexpr Type kLinkLocals{.form = Form::texts, .refine = refine_link_locals};
constexpr Type kInterfaceName{.form = Form::text, .refine = refine_interface_name};
constexpr Type kMac{.form = Form::text, .refine = refine_mac};
constexpr Type kPriority{.form = Form::integer};
constexpr Field kAttachmentFields[] = {
    {"aliases", &kTexts, "Further names in this network", into<&NetworkAttachment::aliases>,
     Merge::unique},
    {"ipv4_address", &kIpv4, "Fixed address", into<&NetworkAttachment::ipv4_address>},
    {"ipv6_address", &kIpv6, "Fixed IPv6 address", into<&NetworkAttachment::ipv6_address>},
    {"link_local_ips", &kLinkLocals, "Further addresses, valid on this link only",
     into<&NetworkAttachment::link_local_ips>, Merge::unique},
    {"mac_address", &kMac, "Hardware address", into<&NetworkAttachment::mac_address>},
    {"interface_name", &kInterfaceName, "Name of the interface in the container",
     into<&NetworkAttachment::interface_name>},
    {"priority", &kPriority, "Networks are joined from high to low",
     into<&NetworkAttachment::priority>},
    {"gw_priority", &kPriority, "The highest gives the default route",
     into<&NetworkAttachment::gw_priority>},
    {"driver_opts", &kOptions, "Options of the driver", into<&NetworkAttachment::driver_opts>},
};

}  // namespace

constinit const Schema kDependencySchema{"dependency", kDependencyFields, kDependencyRequired};
constinit const Schema kHealthcheckSchema{"healthcheck", kHealthcheckFields};
constinit const Schema kPortSchema{"port", kPortFields};
constinit const Schema kMountSchema{"volume", kMountFields};
constinit const Schema kAttachmentSchema{"network", kAttachmentFields};

}  // namespace stack::spec
