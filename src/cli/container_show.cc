// SPDX-License-Identifier: Apache-2.0
// `stack container ls`.
#include <algorithm>
#include <array>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "base/ids.h"
#include "base/text.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/container_labels.h"
#include "cli/container_view.h"
#include "cli/field_template.h"
#include "cli/found_container.h"
#include "cli/image_use.h"
#include "cli/labels.h"
#include "cli/name_filter.h"
#include "orchestrator/host_networks.h"
#include "orchestrator/one_off.h"

namespace stack::cli {
namespace {

const Fields& headings() {
  static const Fields all{
      {"Command", "COMMAND"}, {"CreatedAt", "CREATED AT"}, {"ID", "CONTAINER ID"},
      {"Image", "IMAGE"},     {"Labels", "LABELS"},        {"LocalVolumes", "LOCAL VOLUMES"},
      {"Mounts", "MOUNTS"},   {"Names", "NAMES"},          {"Networks", "NETWORKS"},
      {"Ports", "PORTS"},     {"Project", "PROJECT"},      {"RunningFor", "CREATED"},
      {"Size", "SIZE"},       {"State", "STATE"},          {"Status", "STATUS"}};
  return all;
}

/// "12kB (virtual 4.2MB)": what it has written, and that with its image. Only when it is asked for:
/// a whole tree is looked at.
std::string size_text(const FoundContainer& found, const Options& options,
                      ImagesOfContainers& images) {
  if (!options.sizes && options.format.find(".Size") == std::string::npos) return "0B";
  const std::uint64_t own = written_bytes(found);
  const image::Image* const image = images.find(found.container);
  return fmt::format("{} (virtual {})", human_size(own),
                     human_size(own + (image == nullptr ? 0 : image->size)));
}

Fields row_of(const FoundContainer& found, const Options& options, ImagesOfContainers& images,
              LabelsOfContainers& labels, TimePoint now) {
  const auto& container = found.container;
  const bool is_lone = found.project == orchestrator::lone_containers_project;
  return {{"Command", command_text(container, options.no_trunc)},
          {"CreatedAt", calendar_text(container.status.created, calendar_format)},
          {"ID", options.no_trunc ? container.config.id : short_id(container.config.id)},
          {"Image", image_text(container)},
          {"Labels", labels_text(labels.of(found))},
          {"LocalVolumes", fmt::format("{}", volume_names(container).size())},
          {"Mounts", join(mount_texts(container), ",")},
          {"Names", container.config.name},
          {"Networks", join(network_names(container), ",")},
          {"Ports", ports_text(container, images.exposed(container))},
          {"Project", is_lone ? "" : found.project},
          {"RunningFor", ago_text(container.status.created, now)},
          {"Size", size_text(found, options, images)},
          {"State", state_text(container)},
          {"Status", status_text(container, now)}};
}

bool has(const std::vector<std::string>& list, const std::string& text) {
  return std::ranges::find(list, text) != list.end();
}

/// "80", "80/udp" or "8000-8010": whether one of them is among `ports`.
bool has_port(const PortNumbers& ports, const std::string& text) {
  return std::ranges::any_of(port_numbers({text}),
                             [&](const auto& port) { return ports.contains(port); });
}

/// docker's filters, of which these are known.
class ContainerFilter {
 public:
  ContainerFilter(const std::vector<FoundContainer>& all, ImagesOfContainers& images,
                  LabelsOfContainers& labels)
      : all_(all), images_(images), labels_(labels) {}

  bool passes(const FoundContainer& found, const std::vector<std::string>& filters) const {
    return passes_filters(filters, [&](const FilterText& filter) { return holds(found, filter); });
  }

  /// What cannot be asked for is told though there be no container. Throws Error.
  static void check(const std::vector<std::string>& filters) {
    constexpr std::array keys{"name",    "id",      "status", "label", "ancestor",
                              "exited",  "health",  "before", "since", "volume",
                              "network", "publish", "expose"};
    constexpr std::array states{"created",  "running", "paused", "restarting",
                                "removing", "exited",  "dead",   "data"};
    for (const auto& text : filters) {
      const auto [key, value] = filter_text(text);
      if (std::ranges::find(keys, key) == keys.end())
        throw Error(fmt::format("invalid filter \"{}\"", printable(text)))
            .with_hint(fmt::format("{}=", fmt::join(keys, "=, ")))
            .with_exit_code(ExitCode::usage);
      if (key == "status" && std::ranges::find(states, value) == states.end())
        throw Error(
            fmt::format("invalid filter 'status={0}': invalid value for state ({0}): must "
                        "be one of {1}",
                        printable(value), fmt::join(states, ", ")));
    }
  }

 private:
  bool holds(const FoundContainer& found, const FilterText& filter) const {
    const auto& [key, value] = filter;
    const auto& container = found.container;
    const auto& config = container.config;
    if (key == "name")
      return is_name_wanted(value, config.name) || is_name_wanted(value, "/" + config.name);
    if (key == "id") return config.id.starts_with(value);
    if (key == "status") return is_in_state(container, value);
    if (key == "label") return has_label(labels_.of(found), value);
    if (key == "ancestor") return is_of(container, value);
    if (key == "exited") return fmt::format("{}", container.status.exit_code.value_or(-1)) == value;
    if (key == "health") return to_text(container.status.health) == value;
    if (key == "before") return container.status.created < created_of(value);
    if (key == "since") return container.status.created > created_of(value);
    if (key == "volume") return has(mount_places(container), value);
    if (key == "network") return is_in(container, value);
    if (key == "publish") return has_port(published(container), value);
    return has_port(exposed(container), value);
  }

  supervisor::TimePoint created_of(const std::string& name) const {
    return choose_container(all_, name).container.status.created;
  }
  /// By the name that it was made by, or by any name or id of the image.
  bool is_of(const supervisor::ObservedContainer& container, const std::string& image) const {
    if (image_text(container) == image) return true;
    const image::Image* const its = images_.find(container);
    return its != nullptr && its->id == images_.id_of(image);
  }
  /// By the network's name, or the beginning of its id.
  bool is_in(const supervisor::ObservedContainer& container, const std::string& network) const {
    const auto names = network_names(container);
    if (has(names, network)) return true;
    if (!networks_) networks_ = orchestrator::list_networks(HostPaths::from_environment());
    return std::ranges::any_of(*networks_, [&](const orchestrator::HostNetwork& each) {
      return !network.empty() && each.id.starts_with(network) && has(names, each.name);
    });
  }
  static PortNumbers published(const supervisor::ObservedContainer& container) {
    PortNumbers ports;
    for (const auto& each : container.status.published)
      ports.emplace(each.host_port, each.protocol);
    return ports;
  }
  PortNumbers exposed(const supervisor::ObservedContainer& container) const {
    PortNumbers ports = port_numbers(images_.exposed(container));
    for (const auto& each : container.status.published)
      ports.emplace(each.container_port, each.protocol);
    return ports;
  }

  const std::vector<FoundContainer>& all_;
  ImagesOfContainers& images_;
  LabelsOfContainers& labels_;
  mutable std::optional<std::vector<orchestrator::HostNetwork>> networks_;  ///< when asked for
};

/// docker's -n and -l show stopped ones too, and so does a filter for them.
bool shows_all(const Options& options) {
  return options.all || options.latest || !options.last.empty() ||
         std::ranges::any_of(options.filters, [](const std::string& filter) {
           return filter.starts_with("status=") || filter.starts_with("exited=");
         });
}

std::size_t most(const Options& options) {
  if (options.latest) return 1;
  if (options.last.empty()) return std::string::npos;
  const auto number = parse_integer<std::size_t>(options.last);
  if (!number) throw Error("--last takes a number").with_exit_code(ExitCode::usage);
  return *number;
}

std::vector<FoundContainer> chosen(const Options& options, ImagesOfContainers& images,
                                   LabelsOfContainers& labels) {
  ContainerFilter::check(options.filters);
  const std::vector<FoundContainer> all = all_containers();
  const ContainerFilter filter(all, images, labels);
  std::vector<FoundContainer> containers;
  for (const FoundContainer& found : all) {
    if (!shows_all(options) && !supervisor::is_up(found.container.status.phase)) continue;
    if (filter.passes(found, options.filters)) containers.push_back(found);
  }
  if (containers.size() > most(options)) containers.resize(most(options));
  return containers;
}

}  // namespace

int run_container_list(const Options& options) {
  const TimePoint now = std::chrono::system_clock::now();
  ImagesOfContainers images;
  LabelsOfContainers labels;
  std::vector<Fields> rows;
  for (const FoundContainer& found : chosen(options, images, labels))
    rows.push_back(row_of(found, options, images, labels, now));
  const std::string format = options.quiet ? "{{.ID}}" : options.format;
  std::vector<std::string> columns{"ID",     "Image", "Command", "RunningFor",
                                   "Status", "Ports", "Names"};
  if (options.sizes) columns.emplace_back("Size");
  std::cout << format_rows(format, headings(), columns, rows);
  return 0;
}

}  // namespace stack::cli
