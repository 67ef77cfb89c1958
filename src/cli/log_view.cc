// SPDX-License-Identifier: Apache-2.0
#include "cli/log_view.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <map>

#include "base/error.h"
#include "base/files.h"
#include "cli/style.h"
#include "cli/terminal_text.h"
#include "supervisor/log_store.h"
#include "supervisor/status.h"

namespace stack::cli {
namespace {

using supervisor::LogLine;
using supervisor::ObservedContainer;
using supervisor::Phase;

bool runs(const ObservedContainer& container) {
  return container.status.phase == Phase::running || container.status.phase == Phase::restarting;
}

std::string time_text(std::chrono::system_clock::time_point time) {
  const auto nanoseconds = time.time_since_epoch().count();
  const std::time_t seconds = nanoseconds / 1'000'000'000;
  std::tm calendar{};
  ::gmtime_r(&seconds, &calendar);
  char date[32];
  std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &calendar);
  return fmt::format("{}.{:09}Z", date, nanoseconds % 1'000'000'000);
}

/// One container's place on the screen.
struct Source {
  supervisor::LogReader reader;
  std::string label;  ///< "web-1"
  Colour colour;
  bool announced = false;
};

class LogView {
 public:
  LogView(const HostPaths& paths, const LogRequest& request, const Options& options)
      : paths_(paths),
        request_(request),
        options_(options),
        colour_(shows_colour(STDOUT_FILENO, options) && !options.no_color) {}

  /// One round: new containers are found, new lines printed. Returns whether anything runs.
  bool refresh() {
    bool running = false;
    std::vector<Printed> lines;
    std::vector<std::pair<Source*, int>> ended;
    for (const auto& container :
         supervisor::read_containers(paths_, request_.project, supervisor::ConfigParts::summary)) {
      if (!request_.services.empty() && !request_.services.contains(container.config.service))
        continue;
      running |= runs(container);
      Source& source = source_of(container);
      collect(container, source, lines);
      if (note_end(container, source))
        ended.emplace_back(&source, container.status.exit_code.value_or(0));
    }
    std::ranges::stable_sort(lines, {}, [](const Printed& each) { return each.line.time; });
    for (const auto& [source, line] : lines) print(*source, line);
    for (const auto& [source, code] : ended) announce(*source, code);
    std::cout.flush();
    first_round_ = false;
    return running;
  }

 private:
  struct Printed {
    const Source* source;
    LogLine line;
  };

  Source& source_of(const ObservedContainer& container) {
    const std::string& id = container.config.id;
    if (const auto known = sources_.find(id); known != sources_.end()) return known->second;
    const std::string label =
        fmt::format("{}-{}", container.config.service, container.config.number);
    width_ = std::max(width_, label.size());
    Source source{supervisor::LogReader(paths_.container(request_.project, id)), label,
                  prefix_colour(sources_.size()), false};
    // What had ended before we came is no news.
    source.announced = first_round_ && !runs(container) && !is_news(container.status.finished);
    return sources_.emplace(id, std::move(source)).first->second;
  }

  bool is_news(std::chrono::system_clock::time_point time) const {
    return request_.since && time >= *request_.since;
  }

  void collect(const ObservedContainer& container, Source& source,
               std::vector<Printed>& lines) const {
    auto fresh = source.reader.read_new(!runs(container));
    if (request_.since) {
      std::erase_if(fresh, [&](const LogLine& line) { return line.time < *request_.since; });
    }
    if (first_round_ && request_.tail && fresh.size() > *request_.tail) {
      fresh.erase(fresh.begin(), fresh.end() - static_cast<std::ptrdiff_t>(*request_.tail));
    }
    for (auto& line : fresh) lines.push_back({&source, std::move(line)});
  }

  bool note_end(const ObservedContainer& container, Source& source) const {
    if (runs(container)) source.announced = false;
    if (!request_.announce_exits || source.announced || container.status.phase != Phase::exited)
      return false;
    source.announced = true;
    return true;
  }

  std::string prefix(const Source& source) const {
    if (options_.no_log_prefix) return "";
    const std::string text = fmt::format("{:<{}} | ", source.label, width_);
    return colour_ ? coloured(text, source.colour) : text;
  }

  void print(const Source& source, const LogLine& line) const {
    std::ostream& stream =
        line.stream == supervisor::Stream::err && request_.announce_exits ? std::cerr : std::cout;
    stream << prefix(source);
    if (options_.timestamps) stream << time_text(line.time) << ' ';
    const bool terminal = &stream == &std::cerr ? errors_on_terminal_ : on_terminal_;
    stream << (terminal ? tamed(line.text) : line.text) << '\n';
  }

  void announce(const Source& source, int code) const {
    const std::string text = fmt::format("{} exited with code {}", source.label, code);
    std::cout << (colour_ ? coloured(text, source.colour) : text) << '\n';
  }

  const HostPaths& paths_;
  const LogRequest& request_;
  const Options& options_;
  bool colour_;
  bool on_terminal_ = is_terminal(STDOUT_FILENO);
  bool errors_on_terminal_ = is_terminal(STDERR_FILENO);
  bool first_round_ = true;
  std::size_t width_ = 0;
  std::map<std::string, Source> sources_;
};

/// Wakes up when a log grows, a container appears, or a status changes.
class ChangeWatch {
 public:
  ChangeWatch(const HostPaths& paths, std::string project)
      : paths_(paths),
        project_(std::move(project)),
        inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    if (!inotify_) throw_errno("inotify_init1");
  }

  /// Before each look at the files: whatever changes from here on ends the next wait.
  void arm() {
    const auto containers = paths_.project_data(project_) / "containers";
    add(containers, IN_CREATE | IN_MOVED_TO | IN_DELETE);
    add(paths_.project_run(project_), IN_CREATE | IN_MOVED_TO | IN_DELETE);
    for (const auto& id : list_directory(containers))
      add(containers / id, IN_MODIFY | IN_CREATE | IN_MOVED_TO);
  }

  /// Until something changed, or a signal came.
  void wait() {
    pollfd watched{inotify_.get(), POLLIN, 0};
    ::poll(&watched, 1, most_patience);
    char events[16384];
    while (::read(inotify_.get(), events, sizeof events) > 0) {
    }
  }

 private:
  /// A supervisor that dies without a word changes no file: look again after this long (ms).
  static constexpr int most_patience = 1000;

  void add(const std::filesystem::path& path, std::uint32_t events) {
    ::inotify_add_watch(inotify_.get(), path.c_str(), events);
  }

  const HostPaths& paths_;
  std::string project_;
  Fd inotify_;
};

}  // namespace

void show_logs(const HostPaths& paths, const LogRequest& request, const Options& options) {
  LogView(paths, request, options).refresh();
}

void follow_logs(const HostPaths& paths, const LogRequest& request, const Options& options,
                 const std::function<bool()>& stopped, const std::function<void()>& stop) {
  LogView view(paths, request, options);
  ChangeWatch watch(paths, request.project);
  for (;;) {
    watch.arm();
    if (!view.refresh()) return;
    if (stopped()) break;
    watch.wait();
  }
  if (!stop) return;
  stop();
  view.refresh();
}

}  // namespace stack::cli
