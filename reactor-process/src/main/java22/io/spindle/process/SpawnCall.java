// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** One call of {@code posix_spawnp}: what the child does before its program begins, then the call itself. */
final class SpawnCall implements AutoCloseable {

    static final int SETPGROUP = 0x02;
    static final int SETSID = 0x80;

    private static final int SETSIGDEF = 0x04;
    private static final int SETSIGMASK = 0x08;

    /** More than any C library for Linux needs for either of its two structures. */
    private static final long STRUCT_BYTES = 1024;

    private static final long SIGNAL_SET_BYTES = 128;
    private static final byte ALL_SIGNALS = (byte) 0xFF;
    private static final int FIRST_OTHER = 3;

    private static final MethodHandle ACTIONS_INIT = spawnFunction("_file_actions_init", ADDRESS);
    private static final MethodHandle ACTIONS_DESTROY = spawnFunction("_file_actions_destroy", ADDRESS);
    private static final MethodHandle DUP2 = Libc.plain(
            "posix_spawn_file_actions_adddup2", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
    private static final MethodHandle CLOSE =
            Libc.plain("posix_spawn_file_actions_addclose", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle CLOSE_FROM =
            Libc.plain("posix_spawn_file_actions_addclosefrom_np", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle CHDIR =
            Libc.plain("posix_spawn_file_actions_addchdir_np", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
    private static final MethodHandle ATTR_INIT =
            Libc.plain("posix_spawnattr_init", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    private static final MethodHandle ATTR_DESTROY =
            Libc.plain("posix_spawnattr_destroy", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    private static final MethodHandle SET_FLAGS =
            Libc.plain("posix_spawnattr_setflags", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_SHORT));
    private static final MethodHandle SET_SIGNALS =
            Libc.plain("posix_spawnattr_setsigdefault", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
    private static final MethodHandle SPAWN = Libc.plain(
            "posix_spawnp", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS));

    /** The numbers above those of the standard streams that the child gets, each by a descriptor that no other action is about. */
    private final SortedMap<Integer, Integer> others = new TreeMap<>();

    private boolean othersClosed;

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment actions = arena.allocate(STRUCT_BYTES, Long.BYTES);
    private final MemorySegment attributes = arena.allocate(STRUCT_BYTES, Long.BYTES);

    /**
     * Prepares a call.
     *
     * @param group {@link #SETPGROUP}, {@link #SETSID} or 0
     */
    SpawnCall(int group) throws IOException {
        short flags = (short) (SETSIGDEF | SETSIGMASK | group);
        MemorySegment signals = arena.allocate(SIGNAL_SET_BYTES).fill(ALL_SIGNALS);
        check(() -> (int) ACTIONS_INIT.invokeExact(actions));
        check(() -> (int) ATTR_INIT.invokeExact(attributes)); // an empty mask, and a group of its own
        check(() -> (int) SET_SIGNALS.invokeExact(attributes, signals));
        check(() -> (int) SET_FLAGS.invokeExact(attributes, flags));
    }

    private static MethodHandle spawnFunction(String suffix, java.lang.foreign.ValueLayout parameter) {
        return Libc.plain("posix_spawn" + suffix, FunctionDescriptor.of(JAVA_INT, parameter));
    }

    /** Gives the child a descriptor of ours under another number. */
    void use(int ours, int asItsOwn) throws IOException {
        check(() -> (int) DUP2.invokeExact(actions, ours, asItsOwn));
    }

    /**
     * Gives the child a descriptor of ours under a number above those of the standard streams.
     *
     * @param ours above all such numbers, so that none of them is taken for it
     */
    void useOther(int ours, int asItsOwn) {
        others.put(asItsOwn, ours);
    }

    void directory(byte[] path) throws IOException {
        MemorySegment string = string(path);
        check(() -> (int) CHDIR.invokeExact(actions, string));
    }

    /**
     * Starts the program; the call returns when it has begun. All other descriptors are closed in it.
     *
     * @param path a file, or a name to be found on the path
     * @param line what it gets as its arguments, its own name first
     * @return its process id
     */
    int start(byte[] path, List<byte[]> line, List<byte[]> environment) throws IOException {
        if (!othersClosed) { // a second attempt has the actions of the first
            othersClosed = true;
            closeAllBut();
        }
        MemorySegment pid = arena.allocate(JAVA_INT);
        MemorySegment program = string(path);
        MemorySegment argv = strings(line);
        MemorySegment envp = strings(environment);
        check(() -> (int) SPAWN.invokeExact(pid, program, actions, attributes, argv, envp));
        return pid.get(JAVA_INT, 0);
    }

    private void closeAllBut() throws IOException {
        int next = FIRST_OTHER;
        for (Map.Entry<Integer, Integer> other : others.entrySet()) {
            int number = other.getKey();
            for (int unused = next; unused < number; unused++) {
                int closed = unused;
                check(() -> (int) CLOSE.invokeExact(actions, closed));
            }
            use(other.getValue(), number);
            next = number + 1;
        }
        int rest = next;
        check(() -> (int) CLOSE_FROM.invokeExact(actions, rest));
    }

    MemorySegment string(byte[] bytes) {
        MemorySegment string = arena.allocate(bytes.length + 1L);
        MemorySegment.copy(bytes, 0, string, JAVA_BYTE, 0, bytes.length);
        return string;
    }

    private MemorySegment strings(List<byte[]> strings) {
        MemorySegment array = arena.allocate(ADDRESS, strings.size() + 1L);
        for (int i = 0; i < strings.size(); i++) {
            array.setAtIndex(ADDRESS, i, string(strings.get(i)));
        }
        return array;
    }

    @Override
    public void close() throws IOException {
        try {
            check(() -> (int) ACTIONS_DESTROY.invokeExact(actions));
            check(() -> (int) ATTR_DESTROY.invokeExact(attributes));
        } finally {
            arena.close();
        }
    }

    private static void check(Call call) throws IOException {
        int error;
        try {
            error = call.run();
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
        if (error != 0) {
            throw Libc.failure("posix_spawn", error);
        }
    }

    private interface Call {
        int run() throws Throwable;
    }
}
