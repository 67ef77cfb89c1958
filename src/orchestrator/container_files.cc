// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/container_files.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "image/archive_pipe.h"
#include "image/changes.h"
#include "image/tar_stream.h"
#include "image/unpack_files.h"
#include "orchestrator/committed_config.h"
#include "orchestrator/no_such_service.h"
#include "orchestrator/project_lock.h"
#include "runtime/container_tree.h"
#include "supervisor/client.h"
#include "supervisor/project_files.h"

namespace stack::orchestrator {
namespace {

using supervisor::ObservedContainer;
using supervisor::Phase;

/// What is mounted in every container, and what must be there for it.
std::set<std::string> standard_places() {
  return {"/dev", "/proc", "/sys", "/etc", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf"};
}

runtime::ContainerSpec completed_spec(const FilesOf& files, const ObservedContainer& container) {
  const supervisor::ProjectFiles project{files.paths, files.project};
  runtime::ContainerSpec spec = container.config.spec;
  spec.root.upper = project.upper(container.config.id);
  spec.root.work = project.work(container.config.id);
  return spec;
}

/// The image's layers, uppermost first.
JoinedDirectory open_layers(const runtime::RootSpec& root) {
  JoinedDirectory layers;
  for (const std::string& layer : root.lower)
    layers.push_back(open_file(layer, O_RDONLY | O_DIRECTORY));
  return layers;
}

Fd open_upper(const runtime::RootSpec& root) {
  return open_file(root.upper, O_RDONLY | O_DIRECTORY);
}

// --- a container's tree, whether it runs or not

/// A stopped container cannot be started while its tree is open: that takes the project's lock.
struct OpenTree {
  std::optional<FileLock> lock;
  runtime::ContainerTree tree;
};

ObservedContainer observed_again(const FilesOf& files, const ObservedContainer& container) {
  for (auto& each : supervisor::read_containers(files.paths, files.project)) {
    if (each.config.id == container.config.id) return std::move(each);
  }
  fail("container {} is gone", container.config.name);
}

OpenTree open_tree(const FilesOf& files, const ObservedContainer& container) {
  if (auto tree = runtime::open_running_tree(container.status.process))
    return {std::nullopt, std::move(*tree)};
  FileLock lock = lock_project(files.paths, files.project, {"stack cp"}, files.waiting);
  // The world may have moved on while we waited.
  const ObservedContainer now = observed_again(files, container);
  if (auto tree = runtime::open_running_tree(now.status.process))
    return {std::nullopt, std::move(*tree)};
  if (now.status.phase == Phase::restarting) {
    throw Error(fmt::format("container {} is about to be restarted", now.config.name))
        .with_hint("try again when it runs, or stop it first");
  }
  return {std::move(lock), runtime::mount_stopped_tree(completed_spec(files, now))};
}

// --- a container that stands still

/// Holds a container's processes while it lives, if they run and nobody else holds them. Signals
/// that end this program wait meanwhile; when it is killed, the supervisor lets go of them.
class Pause {
 public:
  Pause(const FilesOf& files, const ObservedContainer& container) : id_(container.config.id) {
    sigset_t ending;
    ::sigemptyset(&ending);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&ending, signal);
    ::pthread_sigmask(SIG_BLOCK, &ending, &before_);
    try {
      using Until = supervisor::PauseContainer::Until;
      client_ = supervisor::Client::connect(files.paths, files.project);
      ours_ = client_ && client_->call(supervisor::PauseContainer{id_, Until::client_gone}).changed;
    } catch (const Error&) {
      // It does not run: then it stands still anyway.
    }
  }
  Pause(const Pause&) = delete;
  Pause& operator=(const Pause&) = delete;
  ~Pause() {
    try {
      if (ours_) client_->call(supervisor::UnpauseContainer{id_});
    } catch (const Error&) {
      // Its end, or that of the supervisor, which `ps` will tell.
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  std::string id_;
  std::optional<supervisor::Client> client_;
  bool ours_ = false;
  sigset_t before_{};
};

// --- copies

Fd open_host() {
  return open_file("/", O_PATH | O_DIRECTORY);
}

/// A path that somebody typed for one side.
struct TypedPath {
  std::string absolute;  ///< nothing else is changed
  std::string clean;
};

TypedPath typed_path(const std::string& typed, const std::string& base) {
  const std::string absolute =
      typed.starts_with('/') ? typed : (base == "/" ? "" : base) + "/" + typed;
  return {absolute, clean_absolute(absolute, "/")};
}

TypedPath path_here(const std::string& typed) {
  return typed_path(typed, current_directory().native());
}
TypedPath path_inside(const std::string& typed) {
  return typed_path(typed, "/");
}

/// A source that must be a directory is followed when it is a link, as cp(1) does.
TreePlace find_source(int root, const TypedPath& path, LastLink last_link) {
  const bool follow = last_link == LastLink::follow || asserts_directory(path.absolute);
  TreePlace place = find_place(root, path.clean, follow ? LastLink::follow : LastLink::keep);
  if (place.kind == FileKind::file && asserts_directory(path.absolute))
    fail("{}: not a directory", printable(path.absolute));
  return place;
}

[[noreturn]] void fail_missing(const TypedPath& path, const ObservedContainer& container) {
  fail("Could not find the file {} in container {}", printable(path.absolute),
       container.config.name);
}

bool is_below(const std::string& path, const std::string& directory) {
  return path == directory || path.starts_with(directory == "/" ? directory : directory + "/");
}

/// By what was asked for, not by trying: a stopped container's root is mounted writable.
void check_writable(const runtime::ContainerSpec& spec, const std::string& path) {
  const runtime::MountSpec* innermost = nullptr;
  for (const auto& mount : spec.mounts) {
    const bool deeper = innermost == nullptr || mount.target.size() > innermost->target.size();
    if (is_below(path, mount.target) && deeper) innermost = &mount;
  }
  if (innermost != nullptr && innermost->writable == runtime::Writable::no)
    fail("mounted volume is marked read-only");
  if (innermost == nullptr && spec.root.writable == runtime::Writable::no)
    fail("container rootfs is marked read-only");
}

/// What of a container's tree is no file of it: /dev, and what the kernel makes up.
std::function<bool(const std::string&, int)> kernel_made_below(const std::string& source) {
  return [source](const std::string& path, int directory) {
    const std::string whole = (source == "/" ? "" : source) + "/" + path;
    return whole == "/dev" || image::is_kernel_file_system(directory);
  };
}

image::ArchivedObject object_at(const TreePlace& place, const std::string& as) {
  return {place.directory.get(), place.name, as, {}, {}};
}

CopyEnd end_of(const TypedPath& path, const TreePlace& place) {
  return {path.absolute, place.path, place.kind};
}

TreePlace find_destination_inside(const OpenTree& open, const TypedPath& path,
                                  const ObservedContainer& container) {
  TreePlace place = find_place(open.tree.root(), path.clean, LastLink::follow);
  if (!place.directory) fail_missing({directory_of(path.clean), ""}, container);
  if (place.kind == FileKind::other)
    fail("destination \"{}:{}\" must be a directory or a regular file", container.config.name,
         printable(path.absolute));
  check_writable(container.config.spec, place.path);
  return place;
}

std::vector<std::string> unpack_here(int archive, const CopyPlan& plan, CopiedOwners owners) {
  // Opened once, and "/" for all that the archive says: nothing in it leads anywhere else.
  const Fd directory = open_file(plan.directory, O_RDONLY | O_DIRECTORY);
  return image::unpack_files(
      archive, {.root = directory.get(),
                .directory = "",
                .ownership = owners == CopiedOwners::of_source ? image::Ownership::as_archived
                                                               : image::Ownership::callers,
                .devices = image::ArchivedDevices::leave_out});
}

}  // namespace

std::vector<ObservedContainer> containers_of(const FilesOf& files, const std::string& service,
                                             std::optional<int> index) {
  auto containers = supervisor::read_containers(files.paths, files.project);
  std::vector<std::string> names;
  for (const auto& each : containers) names.push_back(each.config.service);
  std::erase_if(containers, [&](const auto& each) { return each.config.service != service; });
  const auto is_prepared = [](const auto& each) { return each.config.step.empty(); };
  const bool has_its_own = std::ranges::any_of(containers, is_prepared);
  std::erase_if(containers, [&](const auto& each) {
    const bool is_meant = has_its_own || index ? is_prepared(each) : is_one_off(each.config);
    return !is_meant;
  });
  if (containers.empty())
    throw NoSuchService(fmt::format("no container found for service \"{}\"", printable(service)),
                        service, names);
  if (index) {
    std::erase_if(containers, [&](const auto& each) { return each.config.number != *index; });
    if (containers.empty()) fail("service \"{}\" is not running container #{}", service, *index);
  }
  std::ranges::sort(containers, {}, [](const auto& each) { return each.config.number; });
  return containers;
}

std::vector<image::TreeChange> changes_of(const FilesOf& files,
                                          const ObservedContainer& container) {
  const auto spec = completed_spec(files, container);
  return image::tree_changes(open_upper(spec.root).get(), open_layers(spec.root),
                             standard_places());
}

void export_files(const FilesOf& files, const ObservedContainer& container,
                  const image::TarSink& sink) {
  // The layers themselves, joined by us: what is mounted in the container is not in them.
  const auto spec = completed_spec(files, container);
  JoinedDirectory root;
  root.push_back(open_upper(spec.root));
  for (Fd& layer : open_layers(spec.root)) root.push_back(std::move(layer));
  image::write_live_tree(root, sink);
}

std::vector<std::string> copy_out(const FilesOf& files, const ObservedContainer& container,
                                  const CopyRequest& request) {
  const OpenTree open = open_tree(files, container);
  const TypedPath path = path_inside(request.source);
  const TreePlace source = find_source(open.tree.root(), path, request.source_link);
  if (source.kind == FileKind::absent ||
      (source.path != "/" && image::is_kernel_file_system(source.directory.get())))
    fail_missing(path, container);
  const auto archive_as = [&](const std::string& name, const image::TarSink& sink) {
    image::ArchivedObject object = object_at(source, name);
    object.is_hollow = kernel_made_below(source.path);
    object.ids = open.tree.ids();
    image::write_object(object, sink);
  };
  if (request.destination == "-") {
    // As if into a directory.
    const CopyEnd directory{"/", "/", FileKind::directory};
    archive_as(plan_copy(end_of(path, source), directory).name, request.sink);
    return {};
  }
  const Fd host = open_host();
  const TypedPath destination = path_here(request.destination);
  const CopyPlan plan =
      plan_copy(end_of(path, source),
                end_of(destination, find_place(host.get(), destination.clean, LastLink::follow)));
  std::vector<std::string> left_out;
  image::through_pipe([&](const image::TarSink& sink) { archive_as(plan.name, sink); },
                      [&](int archive) { left_out = unpack_here(archive, plan, request.owners); });
  return left_out;
}

std::vector<std::string> copy_in(const FilesOf& files, const ObservedContainer& container,
                                 const CopyRequest& request) {
  const bool is_stream = request.source == "-";
  const Fd host = open_host();
  const TypedPath path = path_here(request.source);
  TreePlace source;
  if (!is_stream) {
    source = find_source(host.get(), path, request.source_link);
    if (source.kind == FileKind::absent) throw Error("lstat " + printable(path.absolute), ENOENT);
  }
  const OpenTree open = open_tree(files, container);
  const TypedPath inside = path_inside(request.destination);
  const TreePlace destination = find_destination_inside(open, inside, container);
  image::UnpackTarget target{
      .root = open.tree.root(), .directory = destination.path, .ids = open.tree.ids()};
  const auto unpack = [&](int archive) {
    const runtime::FilesOfRoot owner(target.ids);
    return image::unpack_files(archive, target);
  };
  if (is_stream) {
    if (destination.kind != FileKind::directory)
      fail("destination \"{}:{}\" must be a directory", container.config.name,
           printable(inside.absolute));
    return unpack(STDIN_FILENO);
  }
  const CopyPlan plan = plan_copy(end_of(path, source), end_of(inside, destination));
  target.directory = plan.directory;
  if (request.owners == CopiedOwners::of_destination) target.ownership = image::Ownership::roots;
  std::vector<std::string> left_out;
  image::through_pipe(
      [&](const image::TarSink& sink) { image::write_object(object_at(source, plan.name), sink); },
      [&](int archive) { left_out = unpack(archive); });
  return left_out;
}

image::Image commit(const FilesOf& files, const ObservedContainer& container,
                    const CommitRequest& request) {
  image::ImageStore store(files.paths.images());
  const auto applied = nlohmann::json::parse(container.config.applied);
  const std::string base = applied.at("image_id").get<std::string>();
  const auto image = store.find(base);
  if (!image) fail("the image of container {} is gone", container.config.name);
  const auto spec = completed_spec(files, container);
  const Fd upper = open_upper(spec.root);
  image::ImageStore::Commit commit{.base = base,
                                   .upper = upper.get(),
                                   .ignored = standard_places(),
                                   .name = request.name,
                                   .config = committed_config(image->config, container.config),
                                   .author = request.author,
                                   .comment = request.comment,
                                   .created_by = join(spec.process.arguments, " ")};
  for (const std::string& change : request.changes) image::apply_change(commit.config, change);
  std::optional<Pause> pause;
  if (request.meanwhile == Meanwhile::paused) pause.emplace(files, container);
  return during("committing " + container.config.name, [&] { return store.commit(commit); });
}

}  // namespace stack::orchestrator
