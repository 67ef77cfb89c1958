// SPDX-License-Identifier: Apache-2.0
// Anonymous volumes in their later lives. A replica's anonymous volume at a path has one name for
// good (anonymous_volume_name()), so that each later container finds it again; `up -V` puts another
// one in its place, which goes on from there. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "orchestrator/diff.h"

namespace stack::orchestrator {

/// Says of a volume whose place it has: the first one's name.
inline constexpr const char* in_place_of_label = "stack.in-place-of";

/// Says of a volume why it is kept although no container may have it: it is a data container's, or
/// its service keeps its own (x-stack.anonymous).
inline constexpr const char* kept_label = "stack.kept";
inline constexpr const char* kept_for_data = "data";
inline constexpr const char* kept_as_asked = "keep";

/// Whether the container mounts the volume, or a part of it.
bool has_volume(const supervisor::ObservedContainer& container, const volumes::VolumeInfo& volume);

/// Makes the wish name the volumes that are in the places of anonymous ones now: that of the
/// container that is there, or else the youngest.
void find_renewed_volumes(DesiredState& desired, const ObservedState& observed);

/// Of a service's container, those that are not another one's by volumes_from.
std::vector<std::string> own_anonymous_volumes(const DesiredState& desired,
                                               const DesiredContainer& container);

/// Makes the wish name new volumes for the own anonymous ones of each container that `changes`
/// creates or recreates. Returns what they are in place of: new name -> the one of now. Empty when
/// nothing of the kind exists.
std::map<std::string, std::string> renew_volumes(DesiredState& desired,
                                                 const ObservedState& observed,
                                                 const Changes& changes);

}  // namespace stack::orchestrator
