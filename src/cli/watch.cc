// SPDX-License-Identifier: Apache-2.0
#include "cli/watch.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <optional>

#include "base/child.h"
#include "base/error.h"
#include "base/files.h"
#include "base/process.h"
#include "base/text.h"
#include "cli/change.h"
#include "cli/image_use.h"
#include "cli/project.h"
#include "cli/signals.h"
#include "cli/tree_watch.h"
#include "cli/watch_rules.h"
#include "orchestrator/desired.h"
#include "orchestrator/sync_files.h"

namespace stack::cli {
namespace {

namespace fs = std::filesystem;
using supervisor::ObservedContainer;

/// Long enough for an editor's or a version control's burst, too short to be felt.
constexpr std::chrono::milliseconds quiet_time{100};

// --- another `stack` as a child

std::vector<std::string> same_project(const Options& options, const std::string& project) {
  std::vector<std::string> words{"stack", "-p", project};
  const auto add = [&](const char* flag, const std::vector<std::string>& values) {
    for (const auto& value : values) words.insert(words.end(), {flag, value});
  };
  add("-f", options.files);
  add("--env-file", options.env_files);
  add("--profile", options.profiles);
  if (!options.project_directory.empty()) add("--project-directory", {options.project_directory});
  return words;
}

/// It ends with us, and reads nothing.
pid_t start_stack(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) throw_errno("fork");
  if (child > 0) return child;
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  if (::getppid() == parent) ::execv("/proc/self/exe", arguments.data());
  ::_exit(static_cast<int>(ExitCode::not_executable));
}

// --- what is to be watched

std::string dockerignore_of(const std::string& context) {
  return read_file_if_exists(fs::path(context) / ".dockerignore").value_or("");
}

std::vector<WatchRule> rules_of(const spec::Project& project, const Options& options) {
  const auto services = orchestrator::select_services(project, options.arguments);
  auto rules = watch_rules(project, services, dockerignore_of);
  if (rules.empty())
    throw Error("none of the selected services is configured for watch")
        .with_hint("give one a `develop: {watch: [{path: ./src, action: sync, target: /app}]}`");
  return rules;
}

/// What no rule is about is not looked into, node_modules above all.
bool is_for_nobody(const std::vector<WatchRule>& rules, const std::string& directory) {
  return std::none_of(rules.begin(), rules.end(), [&](const WatchRule& rule) {
    if (directory == rule.path) return true;
    const auto place = place_below(rule, directory);
    if (place) return true;
    // Files that are chosen by name may be in any directory.
    WatchRule all = rule;
    all.included.clear();
    const bool has_exceptions = rule.ignored.may_hold_exceptions(
        directory.size() > rule.path.size() ? directory.substr(rule.path.size() + 1) : "");
    return place_below(all, directory).has_value() || has_exceptions;
  });
}

// --- what is done

class Watcher {
 public:
  Watcher(const Options& options, std::string project, std::vector<WatchRule> rules)
      : options_(options), project_(std::move(project)), rules_(std::move(rules)) {}

  /// Everything that is there now.
  void sync_at_start() {
    WatchWork work;
    for (std::size_t at = 0; at < rules_.size(); ++at) {
      if (rules_[at].initial_sync && copies(rules_[at].action))
        work.synced[at] = all_below(rules_[at]);
    }
    carry_out(work);
  }

  void react_to(const std::set<std::string>& changed) { carry_out(work_for(rules_, changed)); }

  const std::vector<WatchRule>& rules() const { return rules_; }

 private:
  static std::set<std::string> all_below(const WatchRule& rule) {
    std::set<std::string> paths;
    std::error_code ignored;
    if (!fs::is_directory(rule.path)) return {""};
    for (fs::recursive_directory_iterator at(rule.path, ignored), end; at != end;
         at.increment(ignored)) {
      const auto place = place_below(rule, at->path().native());
      if (place && !at->is_directory(ignored)) paths.insert(*place);
      if (!place && rule.included.empty() && at->is_directory(ignored))
        at.disable_recursion_pending();
    }
    return paths;
  }

  /// A failure is told, and the watch goes on: the next change may mend it.
  template <typename Work>
  void attempt(Work work) {
    try {
      work();
    } catch (const Error& error) {
      tell_error(error);
    }
  }

  void say(const std::string& text) const {
    if (!options_.quiet) std::cerr << text << '\n';
  }

  void carry_out(const WatchWork& work) {
    for (const auto& service : work.rebuilt) attempt([&] { rebuild(service); });
    for (const auto& [rule, paths] : work.synced) attempt([&] { sync(rules_[rule], paths); });
    for (const std::size_t rule : work.executed) attempt([&] { execute(rules_[rule]); });
    for (const auto& service : work.restarted) attempt([&] { restart(service); });
  }

  std::vector<ObservedContainer> containers_of(const std::string& service) const {
    auto containers = supervisor::read_containers(HostPaths::from_environment(), project_);
    std::erase_if(containers, [&](const auto& each) {
      return each.config.service != service || !each.config.step.empty() ||
             !supervisor::is_up(each.status.phase);
    });
    if (containers.empty()) fail("service {} does not run", service);
    return containers;
  }

  void sync(const WatchRule& rule, const std::set<std::string>& paths) {
    for (const auto& container : containers_of(rule.service)) {
      during("syncing " + container.config.name, [&] {
        orchestrator::sync_files(container, {rule.path, rule.target, paths});
      });
    }
    say(fmt::format("Syncing service {}: {} {}", stack::quoted(rule.service), paths.size(),
                    paths.size() == 1 ? "change" : "changes"));
  }

  Options about(const std::string& service) const {
    Options options = options_;
    options.arguments = {service};
    options.no_deps = true;
    options.detach = true;
    options.watch = false;
    options.quiet = false;
    return options;
  }

  void rebuild(const std::string& service) {
    say(fmt::format("Rebuilding service {} after changes were detected...",
                    stack::quoted(service)));
    Options options = about(service);
    options.build = true;
    const std::string before = image_of(service);
    if (run_up(options) != 0) fail("service {} was not rebuilt", service);
    if (options_.prune) prune(before, image_of(service));
    say(fmt::format("service(s) [{}] successfully built", stack::quoted(service)));
  }

  /// The id of the image that its containers were made of.
  std::string image_of(const std::string& service) const {
    const auto containers = supervisor::read_containers(HostPaths::from_environment(), project_);
    for (const auto& each : containers)
      if (each.config.service == service) return image_id_of(each);
    return "";
  }

  static void prune(const std::string& before, const std::string& now);

  void restart(const std::string& service) {
    if (run_restart(about(service)) != 0) fail("service {} was not restarted", service);
    say(fmt::format("service(s) [{}] restarted", stack::quoted(service)));
  }

  void execute(const WatchRule& rule) {
    for (const auto& container : containers_of(rule.service)) {
      std::vector<std::string> words = same_project(options_, project_);
      words.insert(words.end(),
                   {"exec", "-T", "--index", fmt::format("{}", container.config.number)});
      if (!rule.hook.user.empty()) words.insert(words.end(), {"-u", rule.hook.user});
      if (!rule.hook.working_dir.empty()) words.insert(words.end(), {"-w", rule.hook.working_dir});
      if (rule.hook.privileged) words.emplace_back("--privileged");
      for (const auto& each : rule.hook.environment) words.insert(words.end(), {"-e", each});
      words.push_back(rule.service);
      words.insert(words.end(), rule.hook.command.begin(), rule.hook.command.end());
      const auto ended = await_end(start_stack(std::move(words)));
      const int code = ended ? exit_code_of(*ended) : 1;
      if (code != 0)
        fail("{} in {} ended with {}", rule.hook.command.front(), container.config.name, code);
    }
  }

  const Options& options_;
  std::string project_;
  std::vector<WatchRule> rules_;
};

/// Nobody else has it any more: it was made for the container that is gone.
void Watcher::prune(const std::string& before, const std::string& now) {
  auto store = open_store();
  if (before.empty() || before == now) return;
  const auto image = store.find(before);
  if (!image || !image->names.empty()) return;
  const auto in_use = images_in_use(store.list());
  if (std::find(in_use.begin(), in_use.end(), before) == in_use.end()) store.remove_all({before});
}

/// One for a project: two would do everything twice.
FileLock lock_watch(const std::string& project) {
  const fs::path directory = HostPaths::from_environment().project_run(project);
  if (!stack::exists(directory))
    throw Error(fmt::format("stack {} does not run", project))
        .with_hint("without --no-up, `stack watch` starts it");
  const fs::path path = directory / "watch.lock";
  auto lock = FileLock::try_acquire(path);
  if (!lock) {
    const auto holder = read_file_if_exists(path).value_or("");
    fail("cannot take exclusive lock for project {}: it is watched already{}",
         stack::quoted(project),
         holder.empty() ? "" : fmt::format(", by process {}", std::string(trim(holder))));
  }
  lock->describe_holder(fmt::format("{}\n", ::getpid()));
  return std::move(*lock);
}

bool is_running(const std::string& project) {
  return stack::exists(HostPaths::from_environment().project_run(project));
}

int bring_up(const Options& options) {
  Options wanted = options;
  wanted.detach = true;
  wanted.build = true;
  wanted.watch = false;
  return run_up(wanted);
}

/// What changed; nothing after Ctrl-C. Signals wait only between the look at their counts and the
/// wait: while something is done about changes they are as effective as ever.
std::set<std::string> await_changes(TreeWatch& tree) {
  const HeldSignals held;
  if (interrupts() > 0 || hung_up()) return {};
  return tree.wait(quiet_time, held.before());
}

int watch_until_interrupted(Watcher& watcher) {
  TreeWatch tree([&](const std::string& path) { return is_for_nobody(watcher.rules(), path); });
  for (const WatchRule& rule : watcher.rules()) tree.add(rule.path);
  watcher.sync_at_start();
  std::cerr << "Watch enabled\n";
  while (interrupts() == 0 && !hung_up()) {
    const auto changed = await_changes(tree);
    if (!changed.empty()) watcher.react_to(changed);
  }
  return interrupts() > 0 ? static_cast<int>(ExitCode::interrupted) : 0;
}

}  // namespace

int run_watch(const Options& options) {
  const spec::Project project = load_project(options);
  Watcher watcher(options, project.name, rules_of(project, options));
  // Before anything is built. Where nothing runs nobody watches, and the lock has no place yet.
  std::optional<FileLock> lock;
  if (options.no_up || is_running(project.name)) lock.emplace(lock_watch(project.name));
  if (!options.no_up) {
    if (const int code = bring_up(options); code != 0) return code;
  }
  count_interrupts();
  if (!lock) lock.emplace(lock_watch(project.name));
  return watch_until_interrupted(watcher);
}

Command watch_command() {
  return {"watch",
          "Bring changes of the sources into the containers, as `develop.watch` says",
          "stack watch web",
          Positional::any,
          "SERVICE",
          {{"--no-up", &Options::no_up, "Do not build and start the services first"},
           {"--prune", &Options::prune, "After a rebuild, remove the image that was replaced"},
           {"--quiet", &Options::quiet, "Do not tell what is done"}},
          run_watch};
}

void check_watch(const spec::Project& project, const Options& options) {
  if (!options.watch) return;
  rules_of(project, options);
  if (is_running(project.name)) lock_watch(project.name);  // and given back: it is the watch's
}

WatchBeside::WatchBeside(const Options& options) {
  if (!options.watch) return;
  std::vector<std::string> words = same_project(options, load_project(options).name);
  words.insert(words.end(), {"watch", "--no-up"});
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  child_ = start_stack(std::move(words));
}

WatchBeside::~WatchBeside() {
  if (child_ <= 0) return;
  ::kill(child_, SIGTERM);
  await_end(child_);
}

}  // namespace stack::cli
