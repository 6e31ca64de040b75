mod emulator;
mod os_keychain;
