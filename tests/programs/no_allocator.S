/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A static program without any allocator: sleeps twelve seconds and ends: others may have the machine meanwhile. */
	.globl _start
	.text
_start:
#ifdef __x86_64__
	sub $16, %rsp
	movq $12, (%rsp)
	movq $0, 8(%rsp)
	mov $35, %eax		/* nanosleep */
	mov %rsp, %rdi
	xor %esi, %esi
	syscall
	mov $60, %eax		/* exit */
	xor %edi, %edi
	syscall
#elif defined(__aarch64__)
	sub sp, sp, #16
	mov x8, #12
	stp x8, xzr, [sp]
	mov x8, #101		/* nanosleep */
	mov x0, sp
	mov x1, #0
	svc #0
	mov x8, #93		/* exit */
	mov x0, #0
	svc #0
#else
	sub $8, %esp
	movl $12, (%esp)
	movl $0, 4(%esp)
	mov $162, %eax
	mov %esp, %ebx
	xor %ecx, %ecx
	int $0x80
	mov $1, %eax
	xor %ebx, %ebx
	int $0x80
#endif
	.section .note.GNU-stack, "", %progbits
