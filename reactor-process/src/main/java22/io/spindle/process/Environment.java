// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.spindle.process.ipc.Invitation;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The environment of a child. What is inherited is handed on byte by byte, whatever its encoding. */
final class Environment {

    private static final List<Byte> OURS_ALONE = boxed(FfmLauncher.bytes(Invitation.VARIABLE));

    private static final List<byte[]> INHERITED = read();

    private Environment() {}

    static List<byte[]> inherited() {
        return INHERITED;
    }

    static List<byte[]> of(Command command) {
        Map<String, @Nullable String> changes = command.environment();
        List<byte[]> result = new ArrayList<>(INHERITED.size() + changes.size());
        if (!command.clearEnv()) {
            Set<List<Byte>> changed = changes.keySet().stream()
                    .map(FfmLauncher::bytes)
                    .map(Environment::boxed)
                    .collect(Collectors.toCollection(HashSet::new));
            INHERITED.stream().filter(each -> !changed.contains(name(each))).forEach(result::add);
        }
        changes.forEach((name, value) -> {
            if (value != null) {
                result.add(FfmLauncher.bytes(name + "=" + value));
            }
        });
        return result;
    }

    private static List<Byte> name(byte[] variable) {
        int length = 0;
        while (length < variable.length && variable[length] != '=') {
            length++;
        }
        return boxed(Arrays.copyOf(variable, length));
    }

    private static List<Byte> boxed(byte[] bytes) {
        List<Byte> boxed = new ArrayList<>(bytes.length);
        for (byte each : bytes) {
            boxed.add(each);
        }
        return boxed;
    }

    @SuppressWarnings("restricted") // as in Libc
    private static List<byte[]> read() {
        List<byte[]> variables = new ArrayList<>();
        MemorySegment array =
                Libc.symbol("environ").reinterpret(ADDRESS.byteSize()).get(ADDRESS, 0);
        array = array.reinterpret(Long.MAX_VALUE);
        for (long i = 0; ; i++) {
            MemorySegment variable = array.getAtIndex(ADDRESS, i);
            if (variable.address() == 0) {
                return List.copyOf(variables);
            }
            byte[] bytes = bytes(variable.reinterpret(Long.MAX_VALUE));
            if (!name(bytes).equals(OURS_ALONE)) {
                variables.add(bytes);
            }
        }
    }

    private static byte[] bytes(MemorySegment string) {
        int length = 0;
        while (string.get(JAVA_BYTE, length) != 0) {
            length++;
        }
        return string.asSlice(0, length).toArray(JAVA_BYTE);
    }
}
