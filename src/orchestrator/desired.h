// SPDX-License-Identifier: Apache-2.0
// What should exist, in terms of things: networks, volumes, containers, with every name decided and
// every mount resolved (volumes_from included). Pure: a project and facts about its images go in.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "image/image_store.h"
#include "orchestrator/cdi.h"
#include "spec/model.h"
#include "supervisor/container_config.h"
#include "volumes/volume_options.h"

namespace stack::orchestrator {

/// What is known of the image of a service before anything is made.
struct ImageFacts {
  std::string id;
  image::ImageConfig config;
  std::chrono::system_clock::time_point pulled = {};  ///< when last; the epoch: never
};
/// By the reference as the file writes it, those mounted included. An image that is missing here
/// does not exist.
using ImageCatalog = std::map<std::string, ImageFacts>;

struct HostFile {
  std::string content;
  bool is_directory = false;       ///< bound as it is: `content` is empty
  std::uint32_t execute_bits = 0;  ///< of its mode
};
/// By absolute path. A file that is missing here cannot be read.
using HostFiles = std::map<std::string, HostFile>;

enum class Confidential : bool { no, yes };

/// A config or secret of one container.
struct DesiredFile {
  std::string key;  ///< in `configs` or `secrets` of the file
  std::string target;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t mode = 0444;
  Confidential confidential = Confidential::no;
  std::string path;           ///< its source on the host; empty: `content`
  bool is_directory = false;  ///< of `path`
  std::string content;
  std::string hash;  ///< of the text, so that another text makes another container
  bool operator==(const DesiredFile&) const = default;
};

struct DesiredNetwork {
  std::string key;
  std::string name;
  bool external = false;
  spec::Network model{};   ///< as written
  std::string owner = {};  ///< the stack that has it, when it is another one
  bool operator==(const DesiredNetwork&) const = default;
  /// Made and removed by this stack.
  bool is_own() const { return !external && owner.empty(); }
};

struct DesiredVolume {
  std::string name;
  std::string key;      ///< key in the file; empty for an anonymous one
  std::string service;  ///< anonymous: whose it is
  bool external = false;
  std::map<std::string, std::string> labels;
  std::string driver = {};              ///< as written; empty: local
  volumes::VolumeOptions options = {};  ///< of the driver
  bool of_nobody = false;               ///< of the machine: no project has a claim to it
  std::string copied_from = {};  ///< volume on this host that it begins with (copied_volumes.h)
  bool operator==(const DesiredVolume&) const = default;
};

/// A mount of one container, with its volume's real name.
struct DesiredMount {
  spec::Mount mount;                  ///< for volumes, `source` is the volume's name on this host
  std::string inherited_from;         ///< service whose mount this is, by volumes_from
  std::string image_id = {};          ///< of a mount of type image
  volumes::VolumeMount backing = {};  ///< of a volume: see settle_volumes()
  bool operator==(const DesiredMount&) const = default;
};

/// Which address a container would like to have in a network, unless the file fixes it.
struct AddressWish {
  int place = 0;                         ///< see network::AddressWish
  std::vector<std::string> kept_free{};  ///< those that the file gives to other containers
  int virtual_place = -1;  ///< same of its service's virtual address; negative: it has none
  bool operator==(const AddressWish&) const = default;
};

/// A container that a person runs by hand, of a service of the project as it is for this once.
struct OneOff {
  std::string service;
  std::string slug;                  ///< what tells it from others: 12 hexadecimal digits
  std::string name;                  ///< empty: "shop-web-run-SLUG"
  bool is_the_service = false;       ///< its only container, and not one beside others
  bool use_aliases = false;          ///< others find it by the names of its service
  bool stdin_once = false;           ///< see supervisor::HandRun
  bool removed_at_end = false;       ///< same
  bool is_attached = false;          ///< a command shows what it says, which is all kept until then
  supervisor::Wording wording = {};  ///< of the command
  bool operator==(const OneOff&) const = default;
};

struct DesiredContainer {
  std::string name;
  std::string service;
  int number = 1;
  /// Of a container of `pre_start`: "pre_start-0". It runs once, to its end, before those of its
  /// service start, of which it is none. Of a one-off: "run-0123456789ab".
  std::string step;
  std::optional<OneOff> one_off = {};
  std::vector<std::string> prepared_by;  ///< containers of `pre_start` that end before it starts
  std::vector<std::string> step_images;  ///< ids, by step of its `pre_start`; empty: its own
  std::string image_id;
  spec::Service model;  ///< as written; mounts and networks are below
  image::ImageConfig image;
  std::vector<DesiredFile> files;
  std::string seccomp;            ///< the profile's text, when `security_opt` names a file
  std::vector<CdiGrant> devices;  ///< those of `devices` and `gpus` that have names
  /// Containers whose namespaces it shares: "service:db" of the file is "shop-db-1" here.
  std::map<std::string, std::string> shares;  ///< "network_mode", "pid", "ipc" -> container name
  std::vector<DesiredMount> mounts;  ///< own, image VOLUMEs and inherited; targets are unique
  std::map<std::string, std::string> network_names;   ///< key in model.networks -> name
  std::map<std::string, AddressWish> address_wishes;  ///< by key in model.networks
  /// When ports of its own are left open: those that the file gives by number, to whomever.
  std::vector<spec::Port> fixed_ports = {};
  std::vector<std::string> volume_names;  ///< of `mounts`
  bool holds_volumes_for_others = false;  ///< target of volumes_from: a data container if it ends
  bool is_awaited_to_its_end = false;     ///< somebody's `service_completed_successfully`
};

struct DesiredState {
  std::string project;
  std::string working_dir;
  std::map<std::string, DesiredNetwork> networks;      ///< by name
  std::map<std::string, DesiredVolume> volumes;        ///< by name
  std::map<std::string, DesiredContainer> containers;  ///< by name
  spec::SourceMap sources;
  std::set<std::string> services = {};  ///< those it is about, also without a container
};

/// The services named, and all that they need; all services when none is named.
/// Those that a provider has have no part in it. Throws Error "no such service: X" (with the
/// nearest name) for an unknown one.
std::set<std::string> select_services(const spec::Project& project,
                                      const std::vector<std::string>& named);
enum class Dependencies { included, left_out };
/// select_services(), without what those named need when it is left out.
std::set<std::string> select_services(const spec::Project& project,
                                      const std::vector<std::string>& named,
                                      Dependencies dependencies);

/// Throws Error for what only shows when everything is put together: a missing image is reported by
/// preflight instead and leaves its containers out of the result.
DesiredState desired_state(const spec::Project& project, const std::set<std::string>& services,
                           const ImageCatalog& images, const HostFiles& files = {},
                           const CdiGrants& devices = {});

/// Adds a one-off to a state that has what it depends on. Without its image: nothing.
void add_one_off(DesiredState& state, const spec::Project& project, const OneOff& one_off,
                 const ImageCatalog& images, const HostFiles& files = {},
                 const CdiGrants& devices = {});

/// Entrypoint and command as they will run; both empty when neither file nor image has one.
std::vector<std::string> arguments_of(const DesiredContainer& container);
/// Only there for the volumes it holds for others: no program at all.
bool has_nothing_to_run(const DesiredContainer& container);

/// One container as a JSON text whose members are compose keys: kept with the container when it is
/// made, and compared, member by member, with the next wish. Canonical: equal wishes, equal text.
std::string describe(const DesiredContainer& container);
std::string describe(const DesiredNetwork& network);

DesiredNetwork desired_network(const spec::Network& network);

/// The volume of an anonymous mount: stable for project + service + replica + path, so that it is
/// found again by every later container of that replica.
std::string anonymous_volume_name(const std::string& project, const std::string& service,
                                  int number, const std::string& target);

std::string container_name(const spec::Project& project, const spec::Service& service, int number);
/// The names of a service's `pre_start` containers that end before replica `number` starts; of its
/// first `count` steps.
std::vector<std::string> preparations(const spec::Project& project, const spec::Service& service,
                                      int number, std::size_t count);

}  // namespace stack::orchestrator
