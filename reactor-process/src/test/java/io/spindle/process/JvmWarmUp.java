// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Goes before the check for leaks: with its first file channel the JDK opens a socket that it keeps for ever.
 */
final class JvmWarmUp implements BeforeAllCallback {

    @Override
    public void beforeAll(ExtensionContext context) throws IOException {
        Files.readString(Path.of("/proc/self/stat"));
    }
}
