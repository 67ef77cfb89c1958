// SPDX-License-Identifier: Apache-2.0
// The top level of a file, and its networks, volumes, configs, secrets and models.
#include "spec/decode.h"
#include "spec/expand.h"
#include "spec/fields_stack.h"
#include "spec/identity.h"
#include "spec/schema.h"

namespace stack::spec {
namespace {

constexpr Type kExternal{.form = Form::boolean, .also = kAlsoMapping};

// --- networks ------------------------------------------------------------------------------------

constexpr Type kSubnetText{.form = Form::text, .refine = refine_subnet};
constexpr Type kIpRange{.form = Form::text, .refine = refine_ip_range};
constexpr Type kIpAddress{.form = Form::text, .refine = refine_ip_address};
constexpr Type kIpAddresses{.form = Form::options, .refine = refine_ip_addresses};
constexpr Field kSubnetFields[] = {
    {"subnet", &kSubnetText, "Addresses of the network", into<&SubnetConfig::subnet>},
    {"ip_range", &kIpRange, "Addresses to give out", into<&SubnetConfig::ip_range>},
    {"gateway", &kIpAddress, "Address of the host", into<&SubnetConfig::gateway>},
    {"aux_addresses", &kIpAddresses, "Addresses not to give out",
     into<&SubnetConfig::aux_addresses>},
};
constexpr Type kSubnetType{.form = Form::object, .schema = &kSubnetSchema};
constexpr Type kSubnets{.form = Form::list_of, .element = &kSubnetType};
constexpr Field kIpamFields[] = {
    {"driver", &kText, "Who gives out addresses", assign_elsewhere},
    {"config", &kSubnets, "Subnets", assign_ipam, Merge::refined, subnet_identity},
    {"options", &kOptions, "Options of the driver"},
};
constexpr Schema kIpamSchema{"ipam", kIpamFields};
void assign_ipam_object(void* network, const Node& node) {
  read_object(node, kIpamSchema, network);
}
constexpr Type kIpam{.form = Form::object, .schema = &kIpamSchema, .may_be_null = true};

constexpr Type kStackNetwork{.form = Form::object, .schema = &kStackNetworkSchema};
constexpr Field kNetworkFields[] = {
    {"name", &kText, "Name outside of the project", into<&Network::name>},
    {"driver", &kText, "Kind of network", into<&Network::driver>},
    {"driver_opts", &kOptions, "Options of the driver", into<&Network::driver_opts>},
    {"ipam", &kIpam, "Subnets", assign_ipam_object},
    {"internal", &kBoolean, "Without a way out", into<&Network::internal>},
    {"external", &kExternal, "Exists already, outside of the project", into<&Network::external>},
    {"labels", &kTextMap, "Labels", into<&Network::labels>},
    {"attachable", &kBoolean, "Others may join", assign_elsewhere},
    {"enable_ipv4", &kSwitch, "Give out IPv4 addresses", into<&Network::enable_ipv4>},
    {"enable_ipv6", &kSwitch, "Give out IPv6 addresses", into<&Network::enable_ipv6>},
    {"x-stack", &kStackNetwork, "Keys that only stack has", assign_stack_network_keys},
};

// --- volumes, configs, secrets -------------------------------------------------------------------

constexpr Field kVolumeFields[] = {
    {"name", &kText, "Name outside of the project", into<&Volume::name>},
    {"driver", &kText, "Kind of volume", into<&Volume::driver>},
    {"driver_opts", &kOptions, "Options of the driver", into<&Volume::driver_opts>},
    {"external", &kExternal, "Exists already, outside of the project", into<&Volume::external>},
    {"labels", &kTextMap, "Labels", into<&Volume::labels>},
};
constexpr Field kConfigFields[] = {
    {"name", &kText, "Name outside of the project", into<&FileObject::name>},
    {"file", &kPath, "File with the content", into<&FileObject::file>},
    {"content", &kText, "The content", into<&FileObject::content>},
    {"environment", &kText, "Variable with the content", into<&FileObject::environment>},
    {"external", &kExternal, "Exists already, outside of the project", into<&FileObject::external>},
    {"labels", &kTextMap, "Labels", assign_elsewhere},
    {"template_driver", &kText, "How to fill it in"},
};
constexpr Field kSecretFields[] = {
    {"name", &kText, "Name outside of the project", into<&FileObject::name>},
    {"file", &kPath, "File with the secret", into<&FileObject::file>},
    {"environment", &kText, "Variable with the secret", into<&FileObject::environment>},
    {"external", &kExternal, "Exists already, outside of the project", into<&FileObject::external>},
    {"labels", &kTextMap, "Labels", assign_elsewhere},
    {"driver", &kText, "Who keeps it"},
    {"driver_opts", &kOptions, "Options of the driver"},
    {"template_driver", &kText, "How to fill it in"},
};
constexpr Field kModelFields[] = {
    {"name", &kText, "Name outside of the project"},
    {"model", &kText, "The model"},
    {"context_size", &kInteger, "Size of its context"},
    {"runtime_flags", &kTexts, "Flags of its runtime"},
};

constexpr std::string_view kModelRequired[] = {"model"};

// --- the top level -------------------------------------------------------------------------------

constexpr Type kService{.form = Form::object, .schema = &kServiceSchema};
constexpr Type kServiceMap{.form = Form::map_of, .element = &kService};
constexpr Type kNetwork{.form = Form::object,
                        .schema = &kNetworkSchema,
                        .expand = expand_external,
                        .may_be_null = true};
constexpr Type kNetworkMap{.form = Form::map_of, .element = &kNetwork};
constexpr Type kVolume{
    .form = Form::object, .schema = &kVolumeSchema, .expand = expand_external, .may_be_null = true};
constexpr Type kVolumeMap{.form = Form::map_of, .element = &kVolume};
constexpr Type kConfig{.form = Form::object, .schema = &kConfigSchema, .expand = expand_external};
constexpr Type kConfigMap{.form = Form::map_of, .element = &kConfig};
constexpr Type kSecret{.form = Form::object, .schema = &kSecretSchema, .expand = expand_external};
constexpr Type kSecretMap{.form = Form::map_of, .element = &kSecret};
constexpr Type kModel{.form = Form::object, .schema = &kModelSchema};
constexpr Type kModelMap{.form = Form::map_of, .element = &kModel};

constexpr Type kEnvPaths{.form = Form::text_or_texts, .expand = expand_list};
constexpr Field kIncludeFields[] = {
    {"path", &kEnvPaths, "File, or file and its overrides", assign_elsewhere},
    {"project_directory", &kText, "Directory of its paths", assign_elsewhere},
    {"env_file", &kEnvPaths, "Files with its variables", assign_elsewhere},
};
constexpr Type kIncludeItem{.form = Form::object, .schema = &kIncludeSchema, .also = kAlsoText};
constexpr Type kInclude{.form = Form::list_of, .element = &kIncludeItem, .expand = expand_include};
constexpr Type kProjectName{.form = Form::text};

constexpr Field kProjectFields[] = {
    {"version", &kText, "Obsolete", assign_elsewhere},
    {"name", &kProjectName, "Name of the project", assign_elsewhere},
    {"include", &kInclude, "Other files to take in", assign_elsewhere},
    {"services", &kServiceMap, "What runs", assign_elsewhere},
    {"networks", &kNetworkMap, "What connects it", assign_elsewhere},
    {"volumes", &kVolumeMap, "What stays", assign_elsewhere},
    {"configs", &kConfigMap, "Configuration files", assign_elsewhere},
    {"secrets", &kSecretMap, "Secret files", assign_elsewhere},
    {"models", &kModelMap, "AI models", assign_elsewhere},
};

}  // namespace

constinit const Schema kSubnetSchema{"config", kSubnetFields};
constinit const Schema kProjectSchema{"file", kProjectFields};
constinit const Schema kNetworkSchema{"network", kNetworkFields};
constinit const Schema kVolumeSchema{"volume", kVolumeFields};
constinit const Schema kConfigSchema{"config", kConfigFields};
constinit const Schema kSecretSchema{"secret", kSecretFields};
constinit const Schema kModelSchema{"model", kModelFields, kModelRequired};
constinit const Schema kIncludeSchema{"include", kIncludeFields};

}  // namespace stack::spec
