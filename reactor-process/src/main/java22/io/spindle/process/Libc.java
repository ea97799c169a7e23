// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * Functions of the C library on Linux. A failure is an {@link IOException} with the system's error number in its text,
 * in the form that the JDK uses.
 */
@SuppressWarnings("restricted") // it is used only by who asks for it
final class Libc {

    static final int O_RDONLY = 0;
    static final int O_WRONLY = 1;
    static final int O_CREAT = 0100;
    static final int O_TRUNC = 01000;
    static final int O_APPEND = 02000;
    static final int WNOHANG = 1;

    private static final int O_NONBLOCK = 04000;
    private static final int O_CLOEXEC = 02000000;
    private static final int MODE_OF_NEW_FILES = 0666;
    private static final int F_SETFL = 4;
    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int F_SETPIPE_SZ = 1031;
    private static final long SYS_PIDFD_OPEN = 434; // on every architecture
    private static final long SYS_PIDFD_SEND_SIGNAL = 424; // so is this
    private static final int EINTR = 4;
    private static final long MAX_TEXT_BYTES = 1024;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final SymbolLookup LOOKUP = LINKER.defaultLookup();
    private static final Linker.Option WITH_ERRNO = Linker.Option.captureCallState("errno");
    private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    private static final MethodHandle PIPE2 = function("pipe2", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle FCNTL =
            variadic("fcntl", 2, FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle OPEN =
            variadic("open", 2, FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
    private static final MethodHandle SYSCALL =
            variadic("syscall", 1, FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle SYSCALL_OF_FOUR = variadic(
            "syscall", 1, FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle WAITPID =
            function("waitpid", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle KILL = function("kill", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle GETPGID = function("getpgid", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle STRERROR = plain("strerror", FunctionDescriptor.of(ADDRESS, JAVA_INT));

    private Libc() {}

    /** A function that tells its error by what it returns, or has none. */
    static MethodHandle plain(String name, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(symbol(name), descriptor);
    }

    private static MethodHandle function(String name, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(symbol(name), descriptor, WITH_ERRNO);
    }

    private static MethodHandle variadic(String name, int fixed, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(symbol(name), descriptor, WITH_ERRNO, Linker.Option.firstVariadicArg(fixed));
    }

    static MemorySegment symbol(String name) {
        return LOOKUP.find(name).orElseThrow(() -> new UnsatisfiedLinkError("no " + name + " in the C library"));
    }

    /** Opens a pipe whose ends are not inherited; returns the one to read and the one to write. */
    static int[] pipe() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment ends = arena.allocate(JAVA_INT, 2);
            call("pipe2", state -> (int) PIPE2.invokeExact(state, ends, O_CLOEXEC));
            return ends.toArray(JAVA_INT);
        }
    }

    static void setNonBlocking(int fd) throws IOException {
        call("fcntl", state -> (int) FCNTL.invokeExact(state, fd, F_SETFL, O_NONBLOCK));
    }

    static void setPipeSize(int fd, int bytes) throws IOException {
        call("fcntl", state -> (int) FCNTL.invokeExact(state, fd, F_SETPIPE_SZ, bytes));
    }

    /** Returns another number for a descriptor, not inherited and not below a least one. */
    static int duplicate(int fd, int least) throws IOException {
        return (int) call("fcntl", state -> (int) FCNTL.invokeExact(state, fd, F_DUPFD_CLOEXEC, least));
    }

    /** Opens a file; the descriptor is not inherited. */
    static int open(MemorySegment path, int flags) throws IOException {
        return (int) call("open", state -> (int) OPEN.invokeExact(state, path, flags | O_CLOEXEC, MODE_OF_NEW_FILES));
    }

    /** Returns a descriptor, not inherited, that is readable when the process has ended. */
    static int pidfdOpen(int pid) throws IOException {
        return (int) call("pidfd_open", state -> (long) SYSCALL.invokeExact(state, SYS_PIDFD_OPEN, (long) pid, 0L));
    }

    /**
     * Reaps a child.
     *
     * @return how it ended, or -1 if it has not and the option is {@link #WNOHANG}
     */
    static int waitpid(int pid, int option) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment status = arena.allocate(JAVA_INT);
            long reaped = call("waitpid", state -> (int) WAITPID.invokeExact(state, pid, status, option));
            return reaped == 0 ? -1 : status.get(JAVA_INT, 0);
        }
    }

    static void kill(int pid, int signal) throws IOException {
        call("kill", state -> (int) KILL.invokeExact(state, pid, signal));
    }

    /** Sends a signal to the process of a descriptor, and to no other that has its number by now. */
    static void signal(int pidfd, int signal) throws IOException {
        call("pidfd_send_signal", state ->
                (long) SYSCALL_OF_FOUR.invokeExact(state, SYS_PIDFD_SEND_SIGNAL, (long) pidfd, (long) signal, 0L, 0L));
    }

    static int getpgid(int pid) throws IOException {
        return (int) call("getpgid", state -> (int) GETPGID.invokeExact(state, pid));
    }

    /** Describes an error of the system. */
    static IOException failure(String function, int error) {
        return new IOException(function + " failed: error=" + error + ", " + text(error));
    }

    private static String text(int error) {
        try {
            return ((MemorySegment) STRERROR.invokeExact(error))
                    .reinterpret(MAX_TEXT_BYTES)
                    .getString(0);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Calls what returns a negative number and sets errno when it fails; again if a signal came in between. */
    private static long call(String name, Call call) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            while (true) {
                long result = call.run(state);
                if (result >= 0) {
                    return result;
                }
                int error = (int) ERRNO.get(state, 0L);
                if (error != EINTR) {
                    throw failure(name, error);
                }
            }
        } catch (IOException e) {
            throw e;
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** A method handle may declare anything; the linker's throw nothing that can be handled. */
    static RuntimeException unexpected(Throwable error) {
        if (error instanceof Error fatal) {
            throw fatal;
        }
        return error instanceof RuntimeException known ? known : new IllegalStateException(error);
    }

    private interface Call {
        long run(MemorySegment state) throws Throwable;
    }
}
