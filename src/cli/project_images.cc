// SPDX-License-Identifier: Apache-2.0
// stack pull, push, images: the images of a project.
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/ids.h"
#include "base/text.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/container_view.h"
#include "cli/field_template.h"
#include "cli/image_use.h"
#include "cli/image_view.h"
#include "cli/project.h"
#include "cli/project_pull.h"
#include "image/image_document.h"
#include "image/reference.h"
#include "orchestrator/use_cases.h"
#include "supervisor/status.h"

namespace stack::cli {
namespace {

std::set<std::string> chosen(const spec::Project& project, const Options& options) {
  using orchestrator::Dependencies;
  return orchestrator::select_services(
      project, options.arguments,
      options.include_deps ? Dependencies::included : Dependencies::left_out);
}

struct UsedImage {
  std::string container;
  NamedImage named;
};

std::vector<UsedImage> used_images(const std::string& project, const Options& options,
                                   const std::vector<image::Image>& images) {
  const auto wanted = services_of(options);
  const auto named = by_name(images);
  std::vector<UsedImage> used;
  for (const auto& container :
       supervisor::read_containers(HostPaths::from_environment(), project)) {
    if (!wanted.empty() && !wanted.contains(container.config.service)) continue;
    const std::string id = image_id_of(container);
    const auto found = std::find_if(named.begin(), named.end(),
                                    [&](const NamedImage& each) { return each.image->id == id; });
    if (found != named.end()) used.push_back({container.config.name, *found});
  }
  return used;
}

const Fields& used_image_headings() {
  static const Fields headings{{"ID", "IMAGE ID"},           {"ContainerName", "CONTAINER"},
                               {"Repository", "REPOSITORY"}, {"Tag", "TAG"},
                               {"Platform", "PLATFORM"},     {"Size", "SIZE"},
                               {"Created", "CREATED"}};
  return headings;
}

/// A tag that nobody pulled was given when the image was made here.
std::chrono::system_clock::time_point tag_time(const image::Image& image) {
  return image.pulled == std::chrono::system_clock::time_point{} ? image.created : image.pulled;
}

nlohmann::ordered_json image_row(const UsedImage& used) {
  return {{"ID", used.named.image->id},
          {"ContainerName", used.container},
          {"Repository", used.named.repository},
          {"Tag", used.named.tag},
          {"Platform", fmt::format("linux/{}", image::oci_architecture())},
          {"Size", used.named.image->size},
          {"LastTagTime", image::to_rfc3339(tag_time(*used.named.image))}};
}

/// What is for programs in JSON is for people in a table.
void make_readable(const UsedImage& used, nlohmann::ordered_json& row) {
  row["ID"] = short_id(row["ID"].get<std::string>());
  row["Size"] = human_size(row["Size"].get<std::uint64_t>());
  row.erase("LastTagTime");
  row["Created"] = ago_text(used.named.image->created, std::chrono::system_clock::now());
}

}  // namespace

int run_pull(const Options& options) {
  const spec::Project project = load_without_env_files(options);
  const auto services = chosen(project, options);
  const HostPaths paths = HostPaths::from_environment();
  const auto images = orchestrator::find_images(project, services, paths);
  const std::string policy = options.pull_policy.empty() ? "always" : options.pull_policy;
  if (policy != "always" && policy != "missing")
    throw Error(fmt::format("--policy {} is not known: always or missing", printable(policy)))
        .with_exit_code(ExitCode::usage);
  const auto tasks = orchestrator::images_to_pull(project, services, images, policy,
                                                  std::chrono::system_clock::now());
  const auto failures = pull_images(options).fetch(tasks);
  for (const auto& [image, why] : failures) std::cerr << "stack: " << why << '\n';
  return failures.empty() || options.ignore_pull_failures ? 0 : 1;
}

int run_images(const Options& options) {
  const auto images = open_store().list();
  const std::string project = project_name(options);
  check_services(project, options);
  const auto used = used_images(project, options, images);
  if (used.empty()) tell_without_file(options, "`stack image ls` lists all images of this machine");
  if (options.quiet) {
    std::set<std::string> ids;
    for (const auto& each : used) ids.insert(each.named.image->id.substr(7));
    for (const auto& id : ids) std::cout << id << '\n';
    return 0;
  }
  std::vector<nlohmann::ordered_json> rows;
  for (const auto& each : used) rows.push_back(image_row(each));
  if (options.format == "json") {
    std::cout << nlohmann::ordered_json(rows).dump() << '\n';  // one list, as docker compose
    return 0;
  }
  for (std::size_t i = 0; i < rows.size(); ++i) make_readable(used[i], rows[i]);
  std::cout << format_objects(
      options.format, used_image_headings(),
      {"ContainerName", "Repository", "Tag", "Platform", "ID", "Size", "Created"}, rows);
  return 0;
}

}  // namespace stack::cli
