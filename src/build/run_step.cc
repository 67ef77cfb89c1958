// SPDX-License-Identifier: Apache-2.0
#include "build/run_step.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "base/search_path.h"
#include "base/text.h"
#include "build/copy_step.h"
#include "build/run_command.h"
#include "image/digest.h"

namespace stack::build {
namespace {

/// Where a script is run from that stands in the Dockerfile as here-document `name`.
std::string script_place(const std::string& name) {
  return fmt::format("/dev/pipes/{}", is_file_name(name) ? name : "script");
}

/// A path and all directories above it: nobody asked for them.
void add_with_parents(std::set<std::string>& paths, std::string path) {
  while (path.size() > 1) {
    paths.insert(path);
    path.resize(path.rfind('/'));
  }
}

bool is_only_heredoc(const Instruction& instruction) {
  return instruction.heredocs.size() == 1 && heredoc_start(instruction.text).has_value();
}

std::string host_line(const std::string& entry, const std::string& host_gateway) {
  const std::size_t mark = std::min(entry.find_first_of("=:"), entry.size());
  std::string address = mark < entry.size() ? entry.substr(mark + 1) : "";
  if (address == "host-gateway") address = host_gateway;
  return fmt::format("{}\t{}\n", address, entry.substr(0, mark));
}

std::string hosts_text(const std::vector<std::string>& extra, const std::string& host_gateway) {
  std::string text = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";
  for (const std::string& entry : extra) text += host_line(entry, host_gateway);
  return text;
}

void write_text(const std::filesystem::path& path, std::string_view text, mode_t mode) {
  const Fd file = open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  write_all(file.get(), text);
  if (::fchmod(file.get(), mode) != 0) throw_errno("chmod {}", path.native());
}

}  // namespace

RunStep::RunStep(BuildJob& job, const Stage& stage, const StageState& state,
                 const Instruction& instruction)
    : job_(job), stage_(stage), state_(state), instruction_(instruction) {
  look_at_text();
  look_at_network();
  look_at_mounts();
}

void RunStep::look_at_text() {
  Instruction shown = instruction_;
  if (is_only_heredoc(instruction_)) {
    const std::string& content = instruction_.heredocs.front().content;
    if (content.starts_with("#!")) {
      script_ = content;
      arguments_ = {script_place(instruction_.heredocs.front().name)};
      return;
    }
    shown.text = content;
  } else {
    for (const Heredoc& document : instruction_.heredocs)
      shown.text += fmt::format("\n{}{}", document.content, document.name);
  }
  arguments_ = command_line(state_, shown);
}

void RunStep::look_at_network() {
  network_ = job_.request.network;
  if (const auto* flag = instruction_.flag("network")) network_ = network_named(flag->value);
  const auto* security = instruction_.flag("security");
  if (security == nullptr || security->value == "sandbox") return;
  fail("RUN --security={} is not supported: steps run with the usual confinement", security->value);
}

void RunStep::look_at_mounts() {
  const Lookup variables = variables_of(state_);
  for (const std::string& text : instruction_.flag_values("mount")) {
    Mount mount;
    during(fmt::format("--mount={}", text), [&] {
      mount.mount = parse_run_mount(expand_word(text, variables, job_.file.escape),
                                    state_.config.working_dir);
      const RunMount& parsed = mount.mount;
      if (parsed.kind == RunMountKind::bind || !parsed.from.empty())
        look_at_bind(mount,
                     parsed.from.empty() ? Origin{OriginKind::context, -1, ""}
                                         : job_.origin_of(parsed.from, stage_),
                     clean_relative(parsed.source));
      if (parsed.kind == RunMountKind::secret && parsed.required &&
          !job_.request.secrets.contains(parsed.id))
        throw Error(fmt::format("secret {} is required and was not given", parsed.id))
            .with_hint(fmt::format("give it with --secret id={},src=FILE", parsed.id));
      if (parsed.kind == RunMountKind::ssh && parsed.required &&
          !job_.request.agents.contains(parsed.id))
        throw Error(fmt::format("ssh agent {} is required and was not given", parsed.id))
            .with_hint(fmt::format("give it with --ssh {}, or --ssh {}=KEY", parsed.id, parsed.id));
    });
    mounts_.push_back(std::move(mount));
  }
}

void RunStep::look_at_bind(Mount& mount, const Origin& origin, const std::string& source) {
  const bool is_context = origin.kind == OriginKind::context && origin.name.empty();
  if (!is_context && !job_.is_directory(origin)) {
    mount.layers = job_.layers_of(origin);
    mount.digest = fmt::format("{} {}", chain_of(mount.layers), source);
    if (!mount.mount.writable) return;
  }
  mount.files = is_context ? job_.context() : job_.files_of(origin);
  mount.found = find_file(*mount.files, source);
  if (!mount.found)
    throw Error(fmt::format("{}: {}", mount.files->name, printable(source)), ENOENT);
  if (!mount.digest.empty()) return;
  CopyRules rules;
  rules.keeps_owner = true;
  add_to_plan(*mount.files, *mount.found, "", rules, mount.plan);
  await_distinct_times(mount.plan);
  mount.digest = content_digest(*mount.files, mount.plan);
}

CacheKey RunStep::key() const {
  CacheKey key("run", chain_of(state_.diff_ids));
  for (const std::string& name : state_.arguments_over_environment) key.add("over", name);
  key.add("arguments", arguments_).add("script", script_);
  key.add("environment", state_.config.environment);
  key.add("build arguments", state_.arguments.declared());
  key.add("user", state_.config.user).add("directory", state_.config.working_dir);
  key.add("network", std::to_string(static_cast<int>(network_)));
  key.add("hosts", job_.request.extra_hosts);
  if (!state_.config.volumes.empty()) key.add("volumes", state_.config.volumes);
  for (const auto& [name, limit] : job_.request.ulimits)
    key.add("ulimit", fmt::format("{} {}:{}", name, limit.soft, limit.hard));
  if (job_.request.shm_size) key.add("shm size", std::to_string(*job_.request.shm_size));
  if (job_.epoch) key.add("epoch", job_.request.arguments.at("SOURCE_DATE_EPOCH"));
  for (const Mount& mount : mounts_) {
    key.add("mount", std::to_string(static_cast<int>(mount.mount.kind)))
        .add("target", mount.mount.target)
        .add("id", mount.mount.id)
        .add("variable", mount.mount.environment)
        .add("content", mount.digest);
  }
  return key;
}

std::string RunStep::history() const {
  std::string text = "RUN";
  const auto& declared = state_.arguments.declared();
  if (!declared.empty()) {
    text += fmt::format(" |{}", declared.size());
    for (const auto& [name, value] : declared) text += fmt::format(" {}={}", name, value);
  }
  for (const std::string& word : arguments_) text += fmt::format(" {}", word);
  return text;
}

std::optional<image::NewLayer> RunStep::execute(Workspace& workspace, int step) {
  std::set<std::string> scaffolding;
  const runtime::ContainerSpec spec = container(workspace, scaffolding);
  const int code =
      run_to_end(spec, job_.with.cache, job_.turns,
                 {.started = [&](const ProcessIdentity& process) { join_network(process, spec); },
                  .output = [&](std::string_view bytes) { job_.with.report.output(step, bytes); }});
  caches_.clear();
  if (code != 0) fail("The command '{}' returned a non-zero code: {}", join(arguments_, " "), code);
  std::vector<std::string> volumes;
  for (const std::string& path : state_.config.volumes)
    volumes.push_back(absolute_inside("/", path));
  auto taken = workspace.take_layer(scaffolding, job_.epoch, volumes);
  for (const std::string& volume : taken.lossy)
    job_.with.report.warn(problem_text(
        job_.file.name,
        {instruction_.at, fmt::format("what RUN changes in {} is not kept: it is a VOLUME", volume),
         "move VOLUME behind it"}));
  return std::move(taken.layer);
}

bool RunStep::is_unchanged() const {
  for (const Mount& mount : mounts_)
    if (mount.files && !build::is_unchanged(*mount.files, mount.plan)) return false;
  return true;
}

runtime::ContainerSpec RunStep::container(Workspace& workspace,
                                          std::set<std::string>& scaffolding) {
  runtime::ContainerSpec spec = build_container();
  spec.cgroup = job_.guard.next_cgroup();
  spec.root = workspace.root();
  spec.process.arguments = arguments_;
  Environment environment(state_.config.environment);
  for (const auto& [name, value] : state_.arguments.declared())
    if (!environment.find(name) || state_.arguments_over_environment.contains(name))
      environment.set(name, value);
  for (const auto& [name, value] : state_.arguments.proxies()) environment.set(name, value);
  if (!environment.find("PATH")) environment.set("PATH", std::string(default_search_path));
  spec.process.environment = environment.pairs();
  if (!state_.config.working_dir.empty())
    spec.process.working_directory = state_.config.working_dir;
  spec.process.user = state_.config.user;
  spec.process.ulimits = job_.request.ulimits;
  if (job_.request.shm_size) spec.resources.shm_size = *job_.request.shm_size;
  spec.resources.memory_limit = job_.request.memory;
  if (network_ == BuildNetwork::host) spec.namespaces.network.kind = runtime::NamespaceKind::host;
  write_etc_files(workspace, spec);
  for (const Mount& mount : mounts_) add_mount(mount, workspace, spec);
  for (const char* place : {"/dev", "/proc", "/sys", "/etc/hosts", "/etc/resolv.conf"})
    add_with_parents(scaffolding, place);
  for (const auto& mount : spec.mounts) add_with_parents(scaffolding, mount.target);
  for (const auto& file : spec.files) add_with_parents(scaffolding, file.target);
  return spec;
}

void RunStep::write_etc_files(Workspace& workspace, runtime::ContainerSpec& spec) const {
  const auto etc = workspace.side("etc");
  write_text(etc / "hosts", hosts_text(job_.request.extra_hosts, "127.0.0.1"), 0644);
  write_text(etc / "resolv.conf",
             network_ == BuildNetwork::usual
                 ? job_.with.network->resolv_conf()
                 : read_file_if_exists("/etc/resolv.conf", 1 << 20).value_or(""),
             0644);
  spec.etc = {etc / "hosts", etc / "resolv.conf", {}};
  if (script_.empty()) return;
  write_text(etc / "script", script_, 0755);
  runtime::MountSpec bind;
  bind.source = etc / "script";
  bind.target = arguments_.front();
  bind.writable = runtime::Writable::no;
  spec.mounts.push_back(bind);
}

/// Its /etc/hosts is in its place already: it is written anew, not replaced.
void RunStep::join_network(const ProcessIdentity& process,
                           const runtime::ContainerSpec& spec) const {
  if (network_ != BuildNetwork::usual) return;
  const std::string gateway = job_.with.network->join(process, spec.id);
  write_text(spec.etc.hosts, hosts_text(job_.request.extra_hosts, gateway), 0644);
}

void RunStep::add_mount(const Mount& mount, Workspace& workspace, runtime::ContainerSpec& spec) {
  switch (mount.mount.kind) {
    case RunMountKind::bind:
      return add_bind(mount, workspace, spec);
    case RunMountKind::cache:
      return add_cache(mount, spec);
    case RunMountKind::secret:
      return add_secret(mount.mount, spec);
    case RunMountKind::ssh:
      return add_agent(mount.mount, spec);
    case RunMountKind::tmpfs:
      break;
  }
  runtime::MountSpec tmpfs;
  tmpfs.kind = runtime::MountKind::tmpfs;
  tmpfs.target = mount.mount.target;
  if (mount.mount.size) tmpfs.options.push_back(fmt::format("size={}", *mount.mount.size));
  spec.mounts.push_back(std::move(tmpfs));
}

void RunStep::add_bind(const Mount& mount, Workspace& workspace, runtime::ContainerSpec& spec) {
  runtime::MountSpec bind;
  bind.target = mount.mount.target;
  if (!mount.found) {
    bind.kind = runtime::MountKind::image;
    bind.source = mount.mount.from;
    bind.subpath = clean_relative(mount.mount.source);
    for (const std::string& chain : image::chain_ids(mount.layers))
      bind.layers.insert(bind.layers.begin(), job_.with.store.layer(chain).native());
    if (bind.layers.empty()) bind.layers = {workspace.side("nothing").native()};
    bind.writable = runtime::Writable::no;
    spec.mounts.push_back(std::move(bind));
    return;
  }
  // A copy: what is left out stays out, nobody changes it meanwhile, and what is written is gone.
  const auto side = workspace.side(fmt::format("bind-{}", spec.mounts.size()));
  copy_to_side(*mount.files, *mount.found, side);
  bind.source = S_ISDIR(mount.found->info.st_mode) ? side / "content" : side / "content" / "file";
  bind.writable = mount.mount.writable ? runtime::Writable::yes : runtime::Writable::no;
  spec.mounts.push_back(std::move(bind));
}

void RunStep::add_cache(const Mount& mount, runtime::ContainerSpec& spec) {
  const auto [cache, is_first] = caches_.try_emplace(cache_name(mount.mount));
  // Mounted twice, it is one: to wait for it would be to wait for ourselves.
  if (is_first) cache->second = open_cache(mount);
  runtime::MountSpec bind;
  bind.source = cache->second.place / "data";
  bind.target = mount.mount.target;
  bind.writable = mount.mount.writable ? runtime::Writable::yes : runtime::Writable::no;
  spec.mounts.push_back(std::move(bind));
}

CacheMount RunStep::open_cache(const Mount& mount) {
  CacheMount cache = open_cache_mount(job_.with.cache / cache_mounts_name, mount.mount, job_.turns);
  if (cache.is_new && !mount.mount.from.empty()) {
    std::shared_ptr<const FileSource> files = mount.files;
    const Origin origin = job_.origin_of(mount.mount.from, stage_);
    if (!files) files = job_.files_of(origin);
    if (const auto found = find_file(*files, clean_relative(mount.mount.source)))
      fill_cache_mount(cache, *files, *found);
  }
  finish_cache_mount(cache, mount.mount);
  return cache;
}

void RunStep::add_secret(const RunMount& mount, runtime::ContainerSpec& spec) const {
  const auto secret = job_.request.secrets.find(mount.id);
  if (secret == job_.request.secrets.end()) return;
  if (!mount.environment.empty())
    spec.process.environment.push_back(fmt::format("{}={}", mount.environment, secret->second));
  if (mount.target.empty()) return;
  runtime::FileSpec file;
  file.target = mount.target;
  file.uid = mount.uid;
  file.gid = mount.gid;
  file.mode = mount.mode.value_or(0400);
  file.content = secret->second;
  file.secret = true;
  spec.files.push_back(std::move(file));
}

void RunStep::add_agent(const RunMount& mount, runtime::ContainerSpec& spec) const {
  const auto agent = job_.request.agents.find(mount.id);
  if (agent == job_.request.agents.end()) return;
  runtime::MountSpec bind;
  bind.source = agent->second;
  bind.target = mount.target;
  spec.mounts.push_back(std::move(bind));
  spec.process.environment.push_back(fmt::format("SSH_AUTH_SOCK={}", mount.target));
}

}  // namespace stack::build
