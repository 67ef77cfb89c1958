// SPDX-License-Identifier: Apache-2.0
// The engine of this machine: disk and kernel are read directly, containers and networks are made
// by the stack's supervisor, volumes by the volume store. The supervisor is started when the first
// action needs it; when it is lost on the way, it is found again and asked once more (its requests
// are idempotent).
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "base/host_paths.h"
#include "base/spans.h"
#include "image/image_store.h"
#include "orchestrator/engine.h"
#include "orchestrator/network_owners.h"
#include "supervisor/client.h"

namespace stack::orchestrator {

class NativeEngine : public Engine {
 public:
  /// `desired` must outlive the engine; it may be empty for plans that create nothing. `trace`:
  /// where the supervisor's spans are noted, by subject(); null when there is none.
  NativeEngine(HostPaths paths, const DesiredState& desired, Trace* trace = nullptr);

  ObservedState observe() override;
  /// Of the project there is no container and no network any more.
  bool nothing_left();
  void perform(StepId step, const Action& action) override;
  std::optional<Outcome> next(std::chrono::milliseconds patience) override;
  /// A start with hooks, of which the wish is known.
  bool may_be_left(const Action& action) const override;

  /// Conditions that have not come true by then have failed.
  void give_up_waiting_at(std::optional<std::chrono::steady_clock::time_point> deadline) {
    deadline_ = deadline;
  }

  /// For who wants them to run: containers that a killed keeper left count as ended, and the next
  /// supervisor ends them.
  void count_orphans_as_ended(ObservedState& observed) const;
  /// For `down`: what is damaged on disk is no error from here on, and containers of which nothing
  /// can be read, or is there any more, are stopped and removed by their ids.
  void take_unreadable_away();
  /// Ends the supervisor when nothing runs any more, and waits until it is gone.
  void shut_down_supervisor();

 private:
  struct Pending {
    StepId step;
    supervisor::Request request;
    std::string attempt;     ///< the action in words, for errors
    std::string subject;     ///< whose spans come with the answer
    bool tolerated = false;  ///< a failure is a note: AwaitCondition with required = false
  };

  void send(StepId step, supervisor::Request request, bool tolerated);
  void finish(StepId step, std::optional<Error> error = std::nullopt);
  /// Sends what waits to be sent, again when the supervisor ended meanwhile: requests are
  /// idempotent. Throws Error when no supervisor can be had.
  void flush();
  void receive(std::chrono::milliseconds patience);
  void take_turns();
  std::chrono::milliseconds until_next_turn(std::chrono::milliseconds patience) const;
  void connect();
  void connection_lost(const Error& error);
  Error explained(const Error& error, const supervisor::Await& await) const;
  Outcome outcome_of(const Pending& pending, const supervisor::Reply& reply) const;

  void do_action(StepId step, const CreateNetwork& action);
  void do_action(StepId step, const RemoveNetwork& action);
  void do_action(StepId step, const CreateVolume& action);
  void do_action(StepId step, const RemoveVolume& action);
  void do_action(StepId step, const CreateContainer& action);
  void do_action(StepId step, const UpdateContainer& action);
  void do_action(StepId step, const StartContainer& action);
  void do_action(StepId step, const StopContainer& action);
  void do_action(StepId step, const RemoveContainer& action);
  void do_action(StepId step, const SetContainerAside& action);
  void do_action(StepId step, const BringContainerBack& action);
  void do_action(StepId step, const AwaitSettled& action);
  void do_action(StepId step, const AwaitTurn& action);
  void do_action(StepId step, const AwaitCondition& action);
  void do_action(StepId step, const SignalContainer& action);
  void do_action(StepId step, const RunProvider& action);
  void do_action(StepId step, const PauseContainer& action);
  void do_action(StepId step, const UnpauseContainer& action);

  std::string id_to_be(const std::string& name);
  supervisor::ContainerConfig prepare(const DesiredContainer& wish);
  std::vector<std::string> own_volumes(const DesiredContainer& wish) const;
  void prepare_bind_sources(const DesiredContainer& wish) const;
  void copy_volume(const DesiredVolume& volume);
  void ensure_volume(const DesiredVolume& wish);
  void ensure_volumes(const DesiredContainer& wish);
  void fill_volumes(const DesiredContainer& wish, const image::Image& image);
  void fill_volume(const DesiredMount& wish, const image::Image& image);
  void tell_volume(const char* what, const std::string& name);
  const std::string& id_of(const std::string& name) const;

  HostPaths paths_;
  supervisor::Unreadable unreadable_ = supervisor::Unreadable::is_an_error;
  const DesiredState& desired_;
  volumes::VolumeStore volumes_;
  image::ImageStore images_;
  std::optional<supervisor::Client> client_;
  std::map<std::string, std::string> ids_;  ///< container name -> id, as observed or created
  /// Of containers that have none yet, and whose id has been told to another one.
  std::map<std::string, std::string> ids_to_come_;
  std::map<std::string, std::vector<std::string>> networks_of_;       ///< by container name
  std::map<std::string, supervisor::NetworkConfig> networks_before_;  ///< as observed, by name
  std::map<std::string, supervisor::ContainerConfig> updated_;        ///< before that, by name
  NetworkOwners owners_;
  Trace* trace_;
  std::optional<std::chrono::steady_clock::time_point> deadline_;
  std::string attempt_;  ///< what is being performed
  std::string subject_;  ///< on what
  std::deque<Pending> unsent_;
  std::multimap<std::chrono::steady_clock::time_point, StepId> turns_;  ///< not due yet
  std::map<std::uint64_t, Pending> pending_;  ///< sent and not answered yet, by the request's id
  int losses_in_a_row_ = 0;                   ///< of the connection, without an answer between
  std::deque<Outcome> ended_;
};

}  // namespace stack::orchestrator
