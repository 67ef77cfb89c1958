// SPDX-License-Identifier: Apache-2.0
#include "cli/log_view.h"

#include <algorithm>
#include <iostream>
#include <limits>
#include <map>
#include <optional>
#include <ranges>
#include <set>
#include <vector>

#include "base/files.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/log_printer.h"
#include "cli/log_watch.h"
#include "cli/memory_death.h"
#include "cli/style.h"
#include "orchestrator/project_lock.h"
#include "supervisor/earlier_logs.h"
#include "supervisor/project_files.h"
#include "supervisor/status.h"
#include "supervisor/timeline.h"

namespace stack::cli {
namespace {

using supervisor::EarlierLog;
using supervisor::LastLine;
using supervisor::LogLine;
using supervisor::LogPolicy;
using supervisor::LogTime;
using supervisor::ObservedContainer;
using supervisor::Phase;

/// How many lines of a container are shown before the others have their turn again. With less, all
/// is in the order of time; who floods may be shown behind the others, but holds nobody up.
constexpr std::size_t lines_a_round = 2000;
constexpr std::size_t without_end = std::numeric_limits<std::size_t>::max();

bool runs(const ObservedContainer& container) {
  return is_up(container.status.phase);
}

/// One container's place on the screen.
struct Source {
  supervisor::LogReader reader;
  LogLabel label;
  LastLine last = LastLine::not_yet;
  LogTime announced = {};  ///< up to then its ends have been announced, or are no news
  bool has_more = true;
  std::size_t shown = 0;  ///< lines in this round
  LogWindow window = {};  ///< what is older or younger is left out
};

/// Of one run of a container.
struct RunEnd {
  LogTime time{};
  std::optional<int> code = {};
  bool comes_back = false;
  bool of_memory = false;  ///< the kernel killed it for want of memory
  LogTime silence{};       ///< of one that it comes back from: what it said has been said by then
};

class LogView {
 public:
  LogView(const HostPaths& paths, const LogRequest& request, const Options& options)
      : paths_(paths),
        request_(request),
        events_(supervisor::ProjectFiles{paths, request.project}.events()),
        ends_(supervisor::ProjectFiles{paths, request.project}.events()),
        printer_(options, request.splits_streams || !request.container.empty()
                              ? LogPrinter::Streams::apart
                              : LogPrinter::Streams::together) {
    if (request.events && !request.services) printer_.announce_label({"network"});
  }

  /// What is there now, in the order of time. Returns whether anything runs.
  bool show_present(const std::function<bool()>& stopped) {
    observe();
    for (auto& [id, source] : sources_) source.reader.end_at_present();
    while (print_round(lines_a_round, without_end)) {
      if (stopped()) break;
    }
    for (auto& [id, source] : sources_) source.reader.go_on();
    for (auto& [id, source] : sources_) source.has_more = true;
    conclude();
    return running_;
  }

  /// What came since. Returns whether anything runs.
  bool show_new(const LogChanges& changes) {
    if (changes.containers) observe();
    for (const auto& id : changes.grown) {
      if (const auto found = sources_.find(id); found != sources_.end()) look_again(found->second);
    }
    has_more_ = print_round(without_end, lines_a_round);
    conclude();
    return running_;
  }

  /// There are lines that have not been shown.
  bool has_more() const { return has_more_; }

 private:
  static void look_again(Source& source) {
    source.reader.look_again();
    source.has_more = true;
  }

  void observe() {
    running_ = false;
    restarter_.reset();
    if (follows_ends()) read_ends();
    for (const auto& container :
         supervisor::read_containers(paths_, request_.project, supervisor::ConfigParts::summary)) {
      const bool on = goes_on(container);  // once: a moment later it may be otherwise
      const auto ends = follows_ends() ? ends_of(container, on) : std::vector<RunEnd>{};
      for (const RunEnd& end : ends) pass_on(end, container);
      running_ |= on && is_awaited(container);
      if (!is_wanted(container)) continue;
      Source& source = source_of(container, on);
      source.last = on ? LastLine::not_yet : LastLine::as_it_is;
      look_again(source);
      for (const RunEnd& end : ends) note(end, source);
    }
    // Whoever changes the stack may start again what has just ended.
    if (!running_) running_ = orchestrator::lock_holder(paths_, request_.project).has_value();
    if (first_look_ && request_.earlier) add_earlier();
    first_look_ = false;
  }

  /// It runs, or what it said last is on its way: its end is known to everybody at once, and to the
  /// supervisor, which then collects the rest and clears its files away, a little later.
  bool goes_on(const ObservedContainer& container) const {
    constexpr auto longest = std::chrono::seconds(2);  // they may stay: a supervisor can be killed
    if (runs(container)) return true;
    const auto& status = container.status;
    if (status.phase != Phase::exited ||
        std::chrono::system_clock::now() > status.finished + longest)
      return false;
    const supervisor::ProjectFiles files{paths_, request_.project};
    return stack::exists(files.running(container.config.id)) || is_cause_unknown(container);
  }

  /// Killed, and the supervisor has not told yet whether for want of memory.
  bool is_cause_unknown(const ObservedContainer& container) const {
    return request_.exits_since && container.status.exit_code == killed_by_kernel &&
           last_end(container) == nullptr;
  }

  /// As the timeline has it; null before it does.
  const RunEnd* last_end(const ObservedContainer& container) const {
    const auto known = past_ends_.find(container.config.id);
    if (known == past_ends_.end() || known->second.empty()) return nullptr;
    const RunEnd& last = known->second.back();
    return last.time < container.status.started ? nullptr : &last;
  }

  bool is_wanted(const ObservedContainer& container) const {
    const auto& config = container.config;
    if (!request_.container.empty()) return config.id == request_.container;
    // Whoever runs one sees what it says.
    return !supervisor::is_one_off(config) && is_asked_for(config);
  }

  /// A container that is there, or an EarlierLog.
  bool is_asked_for(const auto& container) const {
    return (!request_.runs || request_.runs->contains(container.name)) &&
           (!request_.services || request_.services->contains(container.service)) &&
           (!request_.number || (container.number == *request_.number && container.step.empty()));
  }

  bool is_awaited(const ObservedContainer& container) const {
    return request_.awaited ? request_.awaited->contains(container.config.service)
                            : is_wanted(container);
  }

  Source& source_of(const ObservedContainer& container, bool on) {
    const std::string& id = container.config.id;
    if (const auto known = sources_.find(id); known != sources_.end()) return known->second;
    const auto& config = container.config;
    const std::string usual = supervisor::log_place(config.service, config.number, config.step);
    const bool has_its_name = config.step.empty() && config.place.empty();
    const LogLabel label = label_of(has_its_name ? shown_name(config.name, usual) : usual,
                                    config.service, config.name);
    Source source{supervisor::LogReader(paths_.container(request_.project, id)), label};
    source.last = on ? LastLine::not_yet : LastLine::as_it_is;
    if (container.config.log.kept == LogPolicy::Kept::nothing) tell_of_nothing(label);
    skip(source);
    return place(id, std::move(source));
  }

  /// Behind those that are there now, which have the first claim to the last lines of a place.
  void add_earlier() {
    auto logs = supervisor::earlier_logs({paths_, request_.project});
    for (const EarlierLog& log : logs | std::views::reverse) {
      if (!is_asked_for(log) || sources_.contains(log.container_id)) continue;
      const std::string usual = supervisor::log_place(log.service, log.number, log.step);
      const LogLabel label =
          label_of(log.step.empty() ? shown_name(log.name, usual) : usual, log.service, log.name);
      Source source{supervisor::LogReader(log.directory), label};
      source.last = LastLine::as_it_is;
      if (skip(source) > 0) place(log.container_id, std::move(source));
    }
  }

  /// As docker compose has it: "web-1", and whole where `container_name` gives another name.
  std::string shown_name(const std::string& container, const std::string& usual) const {
    std::string by_underscore = usual;
    by_underscore[usual.rfind('-')] = '_';  // --compatibility
    const bool is_usual = container == request_.project + '-' + usual ||
                          container == request_.project + '_' + by_underscore;
    return is_usual ? usual : container;
  }

  /// What takes another's place has its colour.
  LogLabel label_of(const std::string& text, const std::string& service, const std::string& name) {
    const Colour colour = colours_.try_emplace(text, prefix_colour(colours_.size())).first->second;
    const LogLabel label{text, colour, service, name};
    printer_.announce_label(label);
    return label;
  }

  LogWindow window_of(const LogLabel& label) const {
    const LogWindow window{request_.since, request_.until};
    return request_.runs ? common(window, request_.runs->at(label.container)) : window;
  }

  Source& place(const std::string& id, Source source) {
    Source& placed = sources_.emplace(id, std::move(source)).first->second;
    order_.push_back(&placed);
    return placed;
  }

  /// docker's words.
  static void tell_of_nothing(const LogLabel& label) {
    std::cerr << fmt::format("warning: {}: configured logging driver does not support reading\n",
                             label.text);
  }

  /// Returns how many lines may come.
  std::size_t skip(Source& source) {
    source.window = window_of(source.label);
    if (first_look_ && request_.tail) {
      std::size_t& rest =
          rest_of_tail_.try_emplace(source.label.text, *request_.tail).first->second;
      const std::size_t lines = source.reader.skip_to_last(rest, source.last);
      rest -= lines;
      return lines;
    }
    if (source.window.since) source.reader.skip_before(*source.window.since);
    return without_end;
  }

  /// An end that it may come back from at once: it is told when that is known.
  bool is_being_restarted() {
    if (!restarter_) restarter_ = orchestrator::lock_holder(paths_, request_.project).value_or("");
    return restarter_->starts_with("stack restart");
  }

  bool follows_ends() const { return request_.exits_since || request_.ended; }

  bool is_new_end(LogTime time) const {
    const auto& first = request_.exits_since ? request_.exits_since : request_.since;
    return first && time >= *first;
  }

  /// A container that runs again has no trace of its last end itself: the timeline has.
  void read_ends() {
    while (auto event = ends_.next()) {
      // It comes right before the end that it is the cause of.
      if (event->type == "container" && event->action == "oom") ooms_[event->id] = event->time;
      if (event->type != "container" || event->action != "die" || !is_new_end(event->time))
        continue;
      const auto code = event->attributes.find("exitCode");
      const auto number = code == event->attributes.end()
                              ? std::nullopt
                              : parse_integer<int>(std::string_view(code->second));
      past_ends_[event->id].push_back(
          {event->time, number, true, number == killed_by_kernel && ooms_[event->id] == event->time,
           event->time});
    }
  }

  /// Its ends that are news, the oldest first: those it came back from, and the one that it is at
  /// when its last words are here.
  std::vector<RunEnd> ends_of(const ObservedContainer& container, bool on) {
    const auto& status = container.status;
    std::vector<RunEnd> ends;
    std::erase_if(past_ends_[container.config.id], [&](const RunEnd& end) {
      const bool is_back = status.phase == Phase::restarting || end.time < status.started;
      if (is_back) ends.push_back(end);
      return is_back;
    });
    if (!ends.empty()) ends.back().silence = silence_after(ends.back().time, status.started);
    if (status.phase == Phase::exited && !on && is_new_end(status.finished)) {
      const RunEnd* const told = last_end(container);
      ends.push_back(
          {status.finished, status.exit_code, false, told != nullptr && told->of_memory});
    }
    return ends;
  }

  /// Between an end and the next start: last words may come a little behind the end, and first ones
  /// a little before the start.
  static LogTime silence_after(LogTime end, LogTime start) {
    return start > end ? end + (start - end) / 2 : LogTime::max();
  }

  void note(const RunEnd& end, Source& source) {
    if (!request_.exits_since || end.time <= source.announced) return;
    if (!end.comes_back && is_being_restarted()) return;
    source.announced = end.time;
    if (!end.comes_back) {
      ended_.emplace_back(&source, end);
    } else {
      print_from(source, end.silence, without_end);
      tell(source, end);
    }
  }

  void tell(const Source& source, const RunEnd& end) {
    printer_.note(source.label,
                  fmt::format("{} exited with code {}{}", source.label.text, end.code.value_or(0),
                              end.comes_back ? " (restarting)" : ""));
    if (!end.of_memory) return;
    printer_.note(source.label,
                  fmt::format("{} was {}", source.label.text,
                              memory_death_text(paths_, request_.project, source.label.container)));
  }

  void pass_on(const RunEnd& end, ObservedContainer container) {
    if (!request_.ended) return;
    const auto& services = request_.ends_of ? request_.ends_of : request_.services;
    if (services && !services->contains(container.config.service)) return;
    LogTime& last = passed_on_[container.config.id];
    if (end.time <= last) return;
    last = end.time;
    container.status.exit_code = end.code;
    request_.ended(container);
  }

  /// Those that come before the source's next line. Returns when the one behind them happened.
  LogTime print_events_before(Source* source) {
    if (!request_.events) return LogTime::max();
    const LogLine* const line = source == nullptr ? nullptr : source->reader.front(source->last);
    for (;;) {
      if (!event_) event_ = events_.next();
      if (!event_) return LogTime::max();
      if (line != nullptr && event_->time > line->time) return event_->time;
      print(*event_);
      event_.reset();
    }
  }

  void print(const supervisor::Event& event) {
    const bool is_containers = event.type == "container";
    if (request_.services && (!is_containers || !request_.services->contains(event.service)))
      return;
    if (request_.since && event.time < *request_.since) return;
    if (request_.until && event.time > *request_.until) return;
    printer_.print(event_label(event), event);
  }

  /// That of the container's lines, when it is there.
  LogLabel event_label(const supervisor::Event& event) const {
    const auto name = event.attributes.find("name");
    const std::string thing = name == event.attributes.end() ? event.id : name->second;
    if (const auto known = sources_.find(event.id); known != sources_.end())
      return known->second.label;
    return {event.type == "container" ? thing : event.type, Colour::none, event.service, thing};
  }

  /// Up to `most` lines, and `most_each` of each container. Returns whether there are more.
  bool print_round(std::size_t most, std::size_t most_each) {
    for (Source* source : order_) source->shown = 0;
    for (std::size_t printed = 0; printed < most;) {
      const auto [source, until] = earliest(most_each);
      const LogTime next_event = print_events_before(source);
      if (source == nullptr) break;
      const std::size_t room = std::min(most - printed, most_each - source->shown);
      printed += print_from(*source, std::min(until, next_event), room);
    }
    return std::ranges::any_of(order_, [](const Source* each) { return each->has_more; });
  }

  /// Whose line comes next, and the time of the line that comes next from another.
  std::pair<Source*, LogTime> earliest(std::size_t most_each) {
    Source* first = nullptr;
    LogTime first_time = LogTime::max();
    LogTime second_time = LogTime::max();
    for (Source* source : order_) {
      if (!source->has_more || source->shown >= most_each) continue;
      const LogLine* const line = source->reader.front(source->last);
      source->has_more = line != nullptr;
      if (line == nullptr) continue;
      if (first == nullptr || line->time < first_time) {
        second_time = first_time;
        first_time = line->time;
        first = source;
      } else {
        second_time = std::min(second_time, line->time);
      }
    }
    return {first, second_time};
  }

  /// Lines up to `until`; returns how many were looked at.
  std::size_t print_from(Source& source, LogTime until, std::size_t most) {
    std::size_t count = 0;
    for (const LogLine* line = source.reader.front(source.last);
         line != nullptr && line->time <= until && count < most;
         line = source.reader.front(source.last)) {
      if (source.window.until && line->time > *source.window.until) {
        source.has_more = false;
        break;
      }
      const supervisor::LogRun run = source.reader.run(most - count);
      if (!source.window.since || run.time >= *source.window.since) print(source.label, run);
      source.reader.take();
      count += run.lines;
    }
    source.shown += count;
    return count;
  }

  void print(const LogLabel& label, const supervisor::LogRun& run) {
    if (!request_.pattern) return printer_.print(label, run);
    for (std::string_view rest = run.text; !rest.empty();) {
      const std::size_t newline = rest.find('\n');
      const std::string_view line = rest.substr(0, newline);
      if (request_.pattern->matches(line)) printer_.print(label, {run.stream, run.time, line, 1});
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    }
  }

  /// Their last words have been shown.
  void conclude() {
    if (has_more_) return printer_.flush();
    for (const auto& [source, end] : ended_) tell(*source, end);
    ended_.clear();
    printer_.flush();
  }

  const HostPaths& paths_;
  const LogRequest& request_;
  supervisor::TimelineReader events_;
  supervisor::TimelineReader ends_;
  std::optional<supervisor::Event> event_;  ///< the next one, not shown yet
  LogPrinter printer_;
  bool first_look_ = true;
  bool running_ = false;
  bool has_more_ = false;
  std::map<std::string, Colour> colours_;                 ///< by label
  std::map<std::string, std::size_t> rest_of_tail_ = {};  ///< by label
  std::map<std::string, Source> sources_;
  std::vector<Source*> order_;  ///< as they were found
  std::vector<std::pair<const Source*, RunEnd>> ended_;
  std::map<std::string, std::vector<RunEnd>> past_ends_;  ///< by id
  std::map<std::string, LogTime> ooms_;                   ///< the last of each, by id
  std::optional<std::string> restarter_;      ///< who changes the stack, once it has been asked
  std::map<std::string, LogTime> passed_on_;  ///< the last end, by id
};

bool is_over(const LogRequest& request) {
  return request.until && std::chrono::system_clock::now() > *request.until;
}

}  // namespace

void show_logs(const HostPaths& paths, const LogRequest& request, const Options& options) {
  LogView(paths, request, options).show_present([] { return false; });
}

void follow_logs(const HostPaths& paths, const LogRequest& request, const Options& options,
                 const std::function<bool()>& stopped, const std::function<void()>& stop) {
  LogView view(paths, request, options);
  LogWatch watch(paths, request.project, request.events);
  watch.arm();
  view.show_present(stopped);
  // What began while the first watches were set is seen by a second look.
  LogChanges changes{true, {}};
  while (!stopped()) {
    if (changes.containers) watch.arm();
    const bool running = view.show_new(changes);
    if (stopped()) break;
    if (!view.has_more() && (!running || is_over(request))) return;
    changes = view.has_more() ? watch.look() : watch.wait(request.input ? request.input() : -1);
  }
  if (!stop) return;
  stop();
  do {
    view.show_new({true, {}});
  } while (view.has_more());
}

}  // namespace stack::cli
