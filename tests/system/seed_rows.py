# SPDX-License-Identifier: Apache-2.0
"""What the tutorial shows that this project was born from, row by row, and the tests that show the same
of `stack`: FILE.CLASS.TEST, the file without its ending. seed_rows_test.py looks whether they exist."""

ROWS = {
    # The program and its machine.
    "1": ("a machine to run on: nothing to install, and `doctor` says whether it will do", """
        seed_words.Machine.test_the_doctor_tells_whether_it_will_do
        seed_words.Machine.test_the_machine_is_known_by_dockers_words
        lifecycle.Usage.test_the_doctor_knows_what_is_checked_before_an_up"""),
    "1b": ("where images lie, how much room they take, and that nothing is deleted unasked", """
        seed_images.Leftovers.test_where_everything_is_kept_and_how_much
        seed_images.Leftovers.test_another_root
        command_line.Lists.test_system_df_and_info_know_what_there_is"""),
    "1c": ("the address to browse", """
        seed_networks.Published.test_reached_at_every_address_of_this_machine
        seed_networks.Published.test_the_address_of_a_service_to_open
        ports.Published.test_a_port_is_reached_from_everywhere"""),
    "1d": ("a virtual machine: there is none, and it is said", """
        seed_words.Machine.test_there_is_no_virtual_machine"""),
    "2": ("images are layers, and layers are shared", """
        seed_images.Store.test_what_two_images_have_in_common_is_there_once"""),
    "3": ("the steps of an image", """
        seed_images.Store.test_history_is_the_steps_newest_first
        build.Instructions.test_history_tells_every_instruction"""),
    "4": ("names of images: official, of a user, of a registry of one's own", """
        seed_images.Store.test_names_are_completed
        registry.RealRegistry.test_without_a_password"""),
    "5": ("the list of images", """
        seed_images.Store.test_the_list
        seed_images.Store.test_images_of_a_stack_are_those_of_its_containers"""),
    "6": ("fetching an image", """
        registry.RealRegistry.test_without_a_password
        registry.RealRegistry.test_all_tags_and_another_repository
        registry.Liars.test_a_blob_that_is_another
        registry.BrokenLines.test_a_connection_that_breaks_is_taken_up_again"""),
    "7": ("tags", """
        seed_images.Store.test_tags_go_one_by_one"""),
    "8": ("a container and its states", """
        seed_containers.State.test_it_goes_through_dockers_states
        seed_containers.State.test_between_two_tries_it_is_restarting
        seed_containers.State.test_health_is_a_part_of_it"""),
    "9": ("a Dockerfile", """
        seed_images.Built.test_a_name_and_a_tag"""),
    "10": ("who manages containers may die", """
        crash.Supervisor.test_no_container_stops_and_no_line_is_lost_or_doubled
        container.ByName.test_a_killed_supervisor_costs_none"""),
    "11": ("logging in to a registry", """
        registry.RealRegistry.test_with_htpasswd
        registry.RealRegistry.test_with_tokens
        registry.Secrets.test_stay_with_the_server_that_they_are_for"""),
    # Containers.
    "12": ("running a command, its output and its end", """
        seed_containers.Running.test_the_command_takes_the_images_place_and_its_output_is_ours_alone
        seed_containers.Running.test_a_signal_is_128_and_its_number
        seed_containers.Running.test_what_cannot_be_run_says_why
        container.Run.test_exit_codes
        seed_words.RunAnImage.test_it_is_container_run
        seed_words.RunAnImage.test_a_service_comes_first"""),
    "13": ("the options, explained", """
        seed_containers.Running.test_help_and_a_host_name_have_the_same_letter"""),
    "14": ("in the background", """
        container.Run.test_detached_it_has_an_id_and_a_name
        seed_containers.Looked.test_both_streams_of_a_container_are_kept_apart"""),
    "15": ("a terminal, and leaving it", """
        seed_containers.Running.test_exit_leaves_the_shell_and_ends_the_container
        seed_containers.Running.test_letters_in_one_word
        container.Run.test_a_terminal
        life.Exec.test_a_terminal_has_our_size_and_follows_it"""),
    "16": ("names", """
        seed_containers.Running.test_names
        seed_containers.Renamed.test_others_find_it_by_its_new_name_alone
        seed_containers.Renamed.test_the_old_name_is_free"""),
    "17": ("the list of containers", """
        seed_containers.Listed.test_columns_are_dockers
        seed_containers.Listed.test_which_are_listed
        seed_containers.Listed.test_sizes
        container.ByName.test_filters"""),
    "18": ("starting one again", """
        seed_containers.StartAndStop.test_the_same_container_runs_again
        seed_containers.StartAndStop.test_what_is_typed_reaches_it
        seed_containers.StartAndStop.test_a_beginning_that_several_have_is_no_name
        container.ByName.test_a_beginning_of_an_id_will_do"""),
    "19": ("joining one that runs", """
        seed_containers.Attached.test_two_share_one_input
        seed_containers.Attached.test_ctrl_c_is_for_the_program"""),
    "20": ("leaving it to itself by keys", """
        seed_containers.Attached.test_ctrl_p_ctrl_q_leaves_it_running
        seed_containers.Attached.test_other_keys
        run.Streams.test_the_detach_keys_leave_it_running"""),
    "21": ("stopping", """
        seed_containers.StartAndStop.test_its_signal_then_the_end_of_patience
        seed_containers.StartAndStop.test_who_does_not_catch_the_signal_has_143
        lifecycle.StopAndStart.test_stop_kills_what_does_not_listen"""),
    "22": ("removing", """
        seed_containers.StartAndStop.test_removal
        seed_containers.StartAndStop.test_without_v_the_volume_stays
        seed_volumes.Shared.test_they_outlive_their_maker"""),
    "23": ("what it printed", """
        seed_containers.Looked.test_both_streams_of_a_container_are_kept_apart
        seed_containers.Looked.test_the_tutorials_log_is_logs
        logs.Reading.test_selections"""),
    "24": ("which files it changed", """
        seed_containers.Looked.test_changes_of_files_in_order_and_none_of_volumes
        seed_containers.Looked.test_files_of_a_run_of_a_service
        files_ops.Diff.test_a_directory_made_anew"""),
    "25": ("copying files out and in", """
        seed_containers.Looked.test_files_of_one_that_has_ended_in_and_out
        files_ops.CopyOut.test_a_directory_out_by_dockers_rules
        files_ops.CopyIn.test_a_directory_by_dockers_rules
        files_ops.Races.test_the_host_is_neither_read_nor_written"""),
    "26": ("all that is known of one, and templates", """
        seed_containers.Inspected.test_templates
        seed_containers.Inspected.test_short_flag_and_several
        seed_containers.Inspected.test_a_field_that_there_is_not_is_named
        seed_containers.Inspected.test_anything_that_has_a_name
        seed_containers.Inspected.test_fields_are_dockers
        command_line.Lists.test_templates_are_dockers"""),
    "27": ("commands that take what others list", """
        seed_containers.Listed.test_commands_take_what_others_list
        seed_containers.Listed.test_nothing_listed_is_told_with_the_usage
        seed_containers.Listed.test_all_of_them
        seed_containers.Listed.test_ids_of_a_stack_remove_its_containers"""),
    # Dockerfiles.
    "28": ("comments and directives", """
        seed_images.Built.test_what_stands_before_from
        build.Instructions.test_escape_directive
        build.Instructions.test_heredocs"""),
    "29": ("FROM", """
        seed_images.Built.test_what_stands_before_from
        build.Instructions.test_scratch_has_only_what_is_copied
        build.Stages.test_only_what_the_target_needs_is_built"""),
    "30": ("MAINTAINER", """
        seed_images.Built.test_what_needs_another_word_says_so
        build.Instructions.test_maintainer_is_the_author"""),
    "31": ("RUN", """
        build.Instructions.test_run_in_shell_and_exec_form
        build.Instructions.test_run_leaves_no_process_and_no_mount_points
        build.Instructions.test_a_failed_run_tells_command_code_and_place
        build.Caching.test_the_same_is_not_done_again"""),
    "32": ("long lines", """
        build.Instructions.test_run_in_shell_and_exec_form"""),
    "33": ("CMD", """
        seed_images.Built.test_the_last_command_counts
        seed_images.Built.test_single_quotes_are_a_shells
        seed_images.Built.test_entrypoint_and_command"""),
    "34": ("ENTRYPOINT", """
        seed_images.Built.test_entrypoint_and_command
        build.Instructions.test_entrypoint_drops_the_inherited_command"""),
    "35": ("EXPOSE and -P", """
        seed_images.Built.test_exposed_ports_are_for_reading
        seed_networks.Published.test_all_that_is_exposed"""),
    "36": ("ADD of files", """
        seed_images.Built.test_a_leading_slash_is_the_context
        build.Copies.test_add_unpacks_archives
        build.Copies.test_dockerignore
        build.Copies.test_owner_and_mode
        build.Copies.test_wildcards_exclude_and_parents"""),
    "37": ("ADD of what is elsewhere", """
        build_downloads.Add.test_a_file_is_root_s_alone_and_has_the_server_s_time_and_name
        build_downloads.Add.test_an_archive_stays_one_unless_it_is_to_be_unpacked
        build_downloads.Add.test_it_is_sent_again_only_when_it_has_changed
        build_downloads.Add.test_another_checksum_is_an_error_and_nothing_of_it_stays"""),
    "38": ("COPY", """
        build.Copies.test_a_directory_is_its_content
        build.Stages.test_files_come_from_other_stages_and_images
        build.Stages.test_a_named_context"""),
    "39": ("VOLUME", """
        seed_volumes.Made.test_by_the_image
        build.Instructions.test_what_run_changes_in_a_volume_is_not_kept"""),
    "40": ("WORKDIR", """
        seed_images.Built.test_a_directory_to_work_in"""),
    "41": ("ENV and -e", """
        seed_images.Built.test_variables_of_the_image_and_of_the_command_line
        build.Instructions.test_env_is_expanded_where_docker_does"""),
    "42": ("USER", """
        seed_images.Built.test_users_by_name_and_number
        build.Instructions.test_user_and_directory_of_run"""),
    "43": ("ONBUILD", """
        build.Instructions.test_onbuild_runs_in_the_child_and_not_in_the_grandchild
        seed_images.Built.test_what_needs_another_word_says_so"""),
    "44": ("instructions that came later", """
        build.Instructions.test_the_config_of_an_image
        build.Instructions.test_arg_scope
        build.Mounts.test_a_cache_is_there_again
        build.Mounts.test_a_secret_is_seen_and_stays_nowhere
        build.Mounts.test_none_of_the_network"""),
    "45": ("building, with a name", """
        seed_images.Built.test_a_name_and_a_tag
        seed_images.Built.test_a_failure_leaves_names_as_they_were
        build.Inputs.test_a_dockerfile_on_standard_input
        build.Inputs.test_an_archive
        build.Inputs.test_another_dockerfile_target_and_id_file"""),
    # Networks.
    "46": ("a port of the host for one of the container", """
        seed_networks.Published.test_a_free_port_of_both_families"""),
    "47": ("ports in the list", """
        seed_networks.Published.test_exposed_ports_are_shown_bare_and_ranges_as_one"""),
    "48": ("where a port is published", """
        seed_networks.Published.test_a_free_port_of_both_families
        seed_networks.Published.test_what_is_not_published_is_told
        network_commands.Port.test_one_that_is_not_published_is_refused"""),
    "49": ("ports as they were asked for", """
        seed_networks.Published.test_a_free_port_of_both_families"""),
    "50": ("a port of one's choice", """
        seed_networks.Published.test_addresses_of_its_own
        ports.Published.test_a_range_publishes_each_of_its_ports
        ports.Published.test_udp_answers_at_loopback_and_from_the_network"""),
    "51": ("a port that is taken", """
        seed_networks.Taken.test_a_second_container_is_left_created
        seed_networks.Taken.test_a_process_of_the_host_is_named
        seed_networks.Taken.test_up_changes_nothing"""),
    "52": ("reached from the host and from elsewhere", """
        seed_networks.Published.test_reached_at_every_address_of_this_machine
        ports.Published.test_the_service_sees_the_address_of_its_client"""),
    "53": ("its address", """
        seed_networks.Addresses.test_the_host_reaches_it"""),
    "54": ("links between containers", """
        seed_networks.Links.test_variables_and_names_in_the_default_network
        seed_networks.Links.test_who_has_no_link_knows_nothing
        seed_networks.Links.test_in_a_network_of_a_stack_it_is_a_name_and_nothing_else
        seed_networks.Links.test_who_does_not_run_cannot_be_linked_to
        networks.Names.test_a_link_is_a_name_for_its_own_service_only"""),
    # Volumes.
    "55": ("as fast as the host's own", """
        seed_volumes.Made.test_it_lies_beside_the_root_and_not_in_it"""),
    "56": ("no part of an image", """
        seed_volumes.Made.test_it_is_no_part_of_an_image_or_an_archive
        files_ops.Export.test_all_files_without_those_of_volumes"""),
    "57": ("a volume that lies wherever it lies", """
        seed_volumes.Made.test_by_a_flag
        seed_volumes.Made.test_by_the_image"""),
    "58": ("a directory of the host", """
        seed_volumes.Made.test_a_folder_of_the_host"""),
    "59": ("read-only", """
        seed_volumes.Made.test_read_only"""),
    "60": ("all that another container has", """
        seed_volumes.Shared.test_a_chain_from_one_that_has_ended
        seed_volumes.Shared.test_modes_and_what_wins"""),
    "61": ("volumes outlive containers", """
        seed_volumes.Shared.test_they_outlive_their_maker
        seed_volumes.Shared.test_the_last_one_takes_them_along"""),
    "62": ("a container that only holds data", """
        seed_volumes.Shared.test_a_container_of_data
        data.DataContainer.test_ps_calls_it_data"""),
    "63": ("volumes with names", """
        seed_volumes.Named.test_their_life
        volumes.Volumes.test_they_are_listed_inspected_made_and_pruned"""),
}

SUBROWS = ("1b", "1c", "1d")
LAST = 63
