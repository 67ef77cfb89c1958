/* SPDX-License-Identifier: Apache-2.0 */
/* The program stack-keeper (main.cc), byte for byte, in each program that starts keepers. */
        .section .rodata.stack_keeper_program, "a", %progbits
        .balign 64
        .globl stack_keeper_program
stack_keeper_program:
        .incbin "stack-keeper"
        .globl stack_keeper_program_end
stack_keeper_program_end:
        .section .note.GNU-stack, "", %progbits
