# Installs oauthctl @VERSION@ for this user, after it has checked the archive against the checksum below.
#
#   irm @REPOSITORY@/releases/latest/download/install.ps1 | iex
#
# Variables: OAUTHCTL_INSTALL_DIR, the folder for the program (%LOCALAPPDATA%\Programs\oauthctl), which is added to the
# user's Path unless OAUTHCTL_NO_PATH is set; OAUTHCTL_DOWNLOAD_URL, where the archives lie, for a mirror of your own.

# A function, so that nothing is done before all of it has arrived, and no setting outlives it.
function Install-Oauthctl {
    $ErrorActionPreference = 'Stop'
    $ProgressPreference = 'SilentlyContinue'
    # Windows PowerShell 5 offers older protocols alone.
    [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12

    $version = '@VERSION@'
    $repository = '@REPOSITORY@'
    $sum = '@SHA256:oauthctl-x86_64-pc-windows-msvc.zip@'
    $archive = 'oauthctl-x86_64-pc-windows-msvc.zip'

    # Windows on ARM runs programs for x86_64, too.
    if (-not [Environment]::Is64BitOperatingSystem) {
        throw "there is no build for 32-bit Windows; with Rust, ``cargo install --git $repository --tag v$version`` builds it"
    }

    $folder = $env:OAUTHCTL_INSTALL_DIR
    if (-not $folder) { $folder = Join-Path $env:LOCALAPPDATA 'Programs\oauthctl' }
    $base = $env:OAUTHCTL_DOWNLOAD_URL
    if (-not $base) { $base = "$repository/releases/download/v$version" }

    $work = Join-Path ([IO.Path]::GetTempPath()) ([Guid]::NewGuid())
    New-Item -ItemType Directory -Path $work | Out-Null
    try {
        $file = Join-Path $work $archive
        Write-Host "Downloading $base/$archive"
        Invoke-WebRequest -UseBasicParsing -Uri "$base/$archive" -OutFile $file
        $found = (Get-FileHash -Algorithm SHA256 -Path $file).Hash.ToLowerInvariant()
        if ($found -ne $sum) {
            throw "$archive has the checksum $found, and not ${sum}: nothing was installed. Download install.ps1 again, and if it differs still, report it at $repository/issues"
        }
        Expand-Archive -Path $file -DestinationPath $work
        New-Item -ItemType Directory -Force -Path $folder | Out-Null
        $program = Join-Path $folder 'oauthctl.exe'
        $old = "$program.old"
        # A program that runs cannot be replaced, but it can be renamed.
        if (Test-Path $old) { Remove-Item -Force $old -ErrorAction SilentlyContinue }
        if (Test-Path $program) { Move-Item -Force $program $old }
        try {
            Move-Item -Force (Join-Path $work 'oauthctl-x86_64-pc-windows-msvc\oauthctl.exe') $program
        }
        catch {
            if (Test-Path $old) { Move-Item -Force $old $program }
            throw
        }
        if (Test-Path $old) { Remove-Item -Force $old -ErrorAction SilentlyContinue }
    }
    finally {
        Remove-Item -Recurse -Force $work
    }
    Write-Host "Installed oauthctl $version in $folder"

    # As it stands in the registry: read in the usual way, the %VARIABLES% in it would be replaced for good.
    $registry = 'registry::HKEY_CURRENT_USER\Environment'
    $path = (Get-Item -LiteralPath $registry).GetValue('Path', '', 'DoNotExpandEnvironmentNames')
    $folders = @($path -split ';' | Where-Object { $_ })
    $expanded = @($folders | ForEach-Object { [Environment]::ExpandEnvironmentVariables($_) })
    if (-not $env:OAUTHCTL_NO_PATH -and $expanded -notcontains $folder) {
        Set-ItemProperty -Type ExpandString -LiteralPath $registry -Name Path -Value ((@($folders) + $folder) -join ';')
        # New windows hear of it by a change that is made in the usual way.
        [Environment]::SetEnvironmentVariable('OAUTHCTL_INSTALLED', '1', 'User')
        [Environment]::SetEnvironmentVariable('OAUTHCTL_INSTALLED', [NullString]::Value, 'User')
        Write-Host "The folder was added to your Path; open a new terminal to use it."
    }
    if (($env:Path -split ';') -notcontains $folder) { $env:Path = "$env:Path;$folder" }
    Write-Host 'hint: `oauthctl demo` tries it, and `oauthctl completions --install` completes with TAB'
}

Install-Oauthctl
