// SPDX-License-Identifier: Apache-2.0
#include "cli/lock.h"

#include <iostream>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/image_use.h"
#include "cli/project.h"
#include "orchestrator/lock_file.h"
#include "registry/pull.h"

namespace stack::cli {
namespace {

using namespace orchestrator;
using Verdict = ImageCheck::Verdict;

/// The stack file with all its services, and without what only this machine knows.
spec::Project load_as_written(const Options& options) {
  spec::LoadRequest request = load_request(options);
  request.profiles = {"*"};
  request.purpose = spec::Purpose::show;
  request.stages.interpolate = false;
  request.stages.check_consistency = false;
  request.stages.resolve_paths = false;
  request.stages.read_env_files = false;
  spec::LoadResult result = spec::load(request);
  if (result.project) return std::move(*result.project);
  throw Error("the stack file cannot be read without the values of its variables: " +
              result.diagnostics.first_error());
}

std::map<std::string, image::Image> images_here(const spec::Project& project) {
  const auto store = open_store();
  std::map<std::string, image::Image> here;
  for (const auto& [name, service] : project.services)
    if (auto image = store.find(service.image)) here.emplace(service.image, std::move(*image));
  return here;
}

std::map<std::string, LockedImage> locked_images(const spec::Project& project) {
  const auto here = images_here(project);
  std::map<std::string, LockedImage> locked;
  std::vector<std::string> missing;
  for (const auto& [name, service] : project.services) {
    const auto image = here.find(service.image);
    if (image == here.end()) {
      missing.push_back(fmt::format("{} ({})", service.image, name));
    } else {
      locked[name] = {service.image, image->second.id, image->second.digests};
    }
  }
  if (!missing.empty())
    throw Error(fmt::format("only what is here can be locked; missing: {}", join(missing, ", ")))
        .with_hint("`stack pull` fetches images, `stack build` makes them");
  return locked;
}

std::filesystem::path lock_file_of(const spec::Project& project) {
  return project.working_dir / lock_file_name;
}

std::string text_of(const ImageCheck& check) {
  const std::string which = fmt::format("services.{}.image: {}", check.service, check.image);
  switch (check.verdict) {
    case Verdict::built:
      return which + " is not here, and was built: no registry has it";
    case Verdict::other:
      return fmt::format("{} is another one here: {}", which, check.found);
    case Verdict::unlocked:
      return which + " is not in the lock file";
    case Verdict::same:
    case Verdict::absent:
      break;
  }
  return which;
}

void check_flags(const Options& options) {
  const bool asks_registries = options.pull_policy == "always";
  if (!options.build && !asks_registries) return;
  throw Error(fmt::format("--locked and {} exclude each other",
                          options.build ? "--build" : "--pull always"))
      .with_exit_code(ExitCode::usage);
}

/// By its digest: it is that one, or none.
void fetch(image::ImageStore& store, const ImageCheck& check, const Options& options) {
  if (!options.quiet_pull) std::cerr << fmt::format(" {} Pulling\n", check.service);
  registry::pull_image(store, {.name = check.source}, registry::surroundings_from_environment());
  store.tag(check.source, check.image);
  if (!options.quiet_pull) std::cerr << fmt::format(" {} Pulled\n", check.service);
}

}  // namespace

int run_lock(const Options& options) {
  const spec::Project project = load_project(options);
  const LockFile lock{locked_model(load_as_written(options)), locked_images(project)};
  const std::filesystem::path file =
      options.output.empty() ? lock_file_of(project) : std::filesystem::path(options.output);
  write_file_atomically(file, to_text(lock), Durability::survives_crash, 0644);
  std::cerr << fmt::format("{}: {} services\n", file.native(), lock.images.size());
  return 0;
}

void require_locked(const spec::Project& project, const Options& options) {
  check_flags(options);
  const LockFile lock = read_lock_file(lock_file_of(project));
  std::string problems;
  for (const FieldChange& change : changes_since(lock, load_as_written(options)))
    problems += "\n  " + to_text(change);
  const auto checks = check_images(lock, project, images_here(project));
  for (const ImageCheck& check : checks)
    if (check.verdict != Verdict::same && check.verdict != Verdict::absent)
      problems += "\n  " + text_of(check);
  if (!problems.empty())
    throw Error(fmt::format("{} does not hold:{}", lock_file_of(project).native(), problems))
        .with_hint("`stack lock` locks what is here now; nothing was changed");
  if (options.dry_run) return;
  auto store = open_store();
  for (const ImageCheck& check : checks)
    if (check.verdict == Verdict::absent) fetch(store, check, options);
}

}  // namespace stack::cli
