// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/pull_plan.h"

#include <algorithm>

#include "base/format.h"
#include "spec/scalars.h"

namespace stack::orchestrator {
namespace {

using Time = std::chrono::system_clock::time_point;
using std::chrono::hours;

bool has(const std::string& policy, const char* word) {
  return policy.find(word) != std::string::npos;
}

bool is_due(const std::string& policy, const ImageFacts* facts, Time now) {
  if (has(policy, "never") || has(policy, "build")) return false;
  if (facts == nullptr || has(policy, "always")) return true;
  const auto period = refresh_period(policy);
  // One that was never pulled is somebody's own: it is not replaced by a stranger's of its name.
  if (!period || facts->pulled == Time{}) return false;
  return now - facts->pulled >= *period;
}

void add(std::vector<PullTask>& tasks, const std::string& image, const spec::Service& service) {
  const auto same = std::find_if(tasks.begin(), tasks.end(), [&](const PullTask& task) {
    return task.image == image && task.platform == service.platform;
  });
  if (same == tasks.end()) {
    tasks.push_back({image, service.platform, {service.name}});
  } else if (same->services.back() != service.name) {
    same->services.push_back(service.name);
  }
}

/// Of its images; "refresh" is for images that have got old.
std::string policy_of(const spec::Service& service) {
  const bool refreshes = service.pull_policy.empty() || has(service.pull_policy, "refresh");
  if (!refreshes || service.pull_refresh_after.empty()) return service.pull_policy;
  return "every_" + service.pull_refresh_after;
}

}  // namespace

std::optional<std::chrono::nanoseconds> refresh_period(const std::string& policy) {
  if (has(policy, "daily")) return hours(24);
  if (has(policy, "weekly")) return hours(24 * 7);
  const auto every = policy.find("every_");
  if (every == std::string::npos) return std::nullopt;
  return spec::parse_duration(std::string_view(policy).substr(every + 6));
}

std::string fetch_failure(const std::string& image, bool is_there, const std::string& why) {
  return fmt::format("{} {}: {}", is_there ? "cannot fetch image" : "No such image:", image, why);
}

std::vector<PullTask> images_to_pull(const spec::Project& project,
                                     const std::set<std::string>& services,
                                     const ImageCatalog& images, const std::string& policy,
                                     Time now) {
  std::vector<PullTask> tasks;
  for (const auto& name : services) {
    const spec::Service& service = project.services.at(name);
    const auto consider = [&](const std::string& image, const std::string& own) {
      const auto known = images.find(image);
      const auto* facts = known == images.end() ? nullptr : &known->second;
      if (!image.empty() && is_due(policy.empty() ? own : policy, facts, now))
        add(tasks, image, service);
    };
    // One that can be built is built when it is missing (build_services.h).
    if (!service.build) consider(service.image, policy_of(service));
    for (const auto& step : service.pre_start) consider(step.image, policy_of(service));
    for (const auto& mount : service.volumes)
      if (mount.type == spec::MountType::image) consider(mount.source, "missing");
  }
  return tasks;
}

}  // namespace stack::orchestrator
